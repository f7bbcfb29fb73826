"""What stands in unit files, judged by systemd itself where it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.systemd_twin import environment_file

from gonogo.adapters.systemd.names import Names
from gonogo.adapters.systemd.texts import environment_text, instance_text, router_text
from gonogo.domain.errors import InvalidInput

NAMES = Names.of(Path("/var/lib/gonogo"))
FOLDERS = ["plain", "with space", "100%", "a$b", "ünïcode", "it{y}", "#;a=b"]


def verified(kind: str, file: Path) -> str:
    """What systemd-analyze has to say against a unit file."""
    done = subprocess.run(
        ["systemd-analyze", f"--{kind}", "verify", "--man=no", "--recursive-errors=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(file.parent)},
    )
    said = [line for line in done.stderr.splitlines() if "gonogo" in line]
    return "\n".join(said) or ("" if done.returncode == 0 else done.stderr)


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on PATH"
)
@pytest.mark.parametrize("kind", ["user", "system"])
def test_systemd_has_nothing_against_the_unit_files(kind, tmp_path):
    user = kind == "user"
    for number, name in enumerate(FOLDERS):
        folder = tmp_path / name
        folder.mkdir()
        unit = NAMES.instance("orders-api", "production", f"one-{number}")
        instances = instance_text("x", "orders-api", "production", folder, user=user)
        command = ("/usr/bin/env", "-W", "-C", str(folder))
        router = router_text(
            "x", "orders", "production", folder, command=command, log=folder / "log", user=user
        )
        (tmp_path / unit).write_text(instances)
        (tmp_path / f"gonogo-{number}-router.service").write_text(router)
    files = sorted(tmp_path.glob("gonogo-*.service"))
    assert len(files) == 2 * len(FOLDERS)
    together = verified(kind, files[0]) + verified(kind, files[-1])
    assert not together
    spoilt = files[0].read_text().replace("on-failure", "sometimes")
    files[0].write_text(spoilt)
    assert "sometimes" in verified(kind, files[0]), "the check itself must see what is wrong"


@pytest.mark.parametrize("name", ['quote"d', "back\\slash", "new\nline", "edge ", "it's", "a\x1bb"])
def test_a_folder_that_no_unit_can_name_is_refused(name, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be named in a unit"):
        instance_text("x", "orders", "production", tmp_path / name, user=True)


def test_a_unit_shows_no_variable_and_no_line(tmp_path):
    text = instance_text("x", "orders", "production", tmp_path, user=True)
    assert "Environment=" not in text.replace("UnsetEnvironment=", "")


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["A", "B_2", "_c"]), st.text().map(lambda text: text.replace("\0", ""))
    )
)
def test_variables_come_out_of_the_file_as_they_went_in(variables):
    assert environment_file(environment_text(variables)) == variables


@pytest.mark.parametrize(
    ("name", "value"),
    [("A", "\0"), ("A", "\udc80"), ("1A", "x"), ("A B", "x"), ("A=B", "x"), ("É", "x")],
)
def test_a_variable_that_no_unit_can_hold_is_refused(name, value):
    with pytest.raises(ValueError, match="variable"):
        environment_text({name: value})
