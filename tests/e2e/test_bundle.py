"""A release's bundle, from the desk that made it to somebody who has nothing but a key."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse


def elsewhere(desk: DeskHouse, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command where there is no desk, and no folder of one."""
    variables = {**desk.variables(), "GONOGO_HOME": str(folder / "no-home")}
    done = subprocess.run(
        desk.command(*words),
        env=variables,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not (folder / "no-home").exists(), "checking must leave nothing behind"
    return done


def test_a_release_is_bundled_and_checked_elsewhere_with_the_key_alone(
    own_desk: DeskHouse, register: Register, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    service = register(own_desk, steps=("20% for 500ms, at least 15 requests",))
    with Customers(service.port):
        own_desk.until(own_desk.begin(service.name, "v1.1.0"), "released")
    written = own_desk.run("bundle", f"{service.name} v1.1.0", folder=folder)
    assert written.code == 0, written
    bundle = folder / f"{service.name}-v1.1.0.intoto.jsonl"
    pem = own_desk.run("keys", "public", "--out", str(folder / "root.pem"))
    assert pem.code == 0, pem

    checked = elsewhere(own_desk, folder, "verify", "bundle", bundle.name, "--key", "root.pem")
    assert checked.returncode == 0, checked
    assert f"{service.name} v1.1.0" in checked.stdout
    assert "released" in checked.stdout
    told = json.loads(
        elsewhere(
            own_desk, folder, "verify", "bundle", bundle.name, "--key", "root.pem", "--json"
        ).stdout
    )
    assert told["holds"]
    assert any("(GO) rests on exactly this evidence" in each for each in told["proven"])

    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(content)
    refused = elsewhere(own_desk, folder, "verify", "bundle", bundle.name, "--key", "root.pem")
    assert refused.returncode == 20, refused
    assert "does not hold: line" in refused.stdout


@pytest.mark.slow
def test_keys_change_while_bundles_stay_verifiable(
    desk: DeskHouse, register: Register, tmp_path: Path
) -> None:
    service = register(desk)
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    root = desk.run("keys", "--json").data["root"]
    assert f"root {root}, signs until" in desk.run("doctor").out
    assert desk.run("bundle", service.name, "--out", str(old)).code == 0
    first = desk.run("keys", "--json").data["keys"][-1]["id"]
    assert desk.run("keys", "rotate").code == 0
    assert desk.run("bundle", service.name, "--out", str(new)).code == 0
    for file in (old, new):
        assert desk.run("verify", "bundle", str(file), "--key", root).code == 0
    revoked = desk.run("keys", "revoke", first[:12], "--since", "2020-01-01T00:00Z", "-m", "lost")
    assert revoked.code == 0, revoked
    ring = tmp_path / "ring.json"
    assert desk.run("keys", "export", "--out", str(ring)).code == 0
    told = desk.run("verify", "bundle", str(old), "--key", str(ring))
    assert told.code == 20
    assert "is not trusted since 2020-01-01" in told.out


@pytest.mark.slow
def test_a_rewritten_past_is_shown_by_the_heads_that_were_published(
    own_desk: DeskHouse, register: Register, small_repository: Path, tmp_path: Path
) -> None:
    register(own_desk)
    heads = tmp_path / "heads.jsonl"
    archive = tmp_path / "archive"
    subprocess.run(["git", "clone", "--quiet", str(small_repository), str(archive)], check=True)
    for words in (("--file", str(heads)), ("--git", str(archive))):
        done = own_desk.run("head", "publish", *words)
        assert done.code == 0, done
    own_desk.run("keys", "rotate")
    own_desk.run("head", "publish", "--file", str(heads))
    for words in ((str(heads),), ("--git", str(archive))):
        done = own_desk.run("verify", "head", *words)
        assert done.code == 0, done
    with sqlite3.connect(own_desk.database) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (trigger,) in found.fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        last = int(json.loads(own_desk.run("verify", "--json").out)["entries"])
        database.execute("DELETE FROM audit WHERE sequence >= ?", (last - 3,))
        digest = database.execute("SELECT digest FROM audit ORDER BY sequence DESC").fetchone()[0]
        database.execute("UPDATE audit_head SET sequence = ?, digest = ?", (last - 4, digest))
    database.close()
    assert own_desk.run("verify").code == 0, "the chain that is left holds by itself"
    for words in ((str(heads),), ("--git", str(archive))):
        done = own_desk.run("verify", "head", *words)
        assert done.code == 20, done
        assert "the past was rewritten" in done.out
