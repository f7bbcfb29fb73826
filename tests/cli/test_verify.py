"""Checking a bundle from the command line, where there is no desk."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.bundles import a_notary

from gonogo.cli.application import gonogo
from gonogo.cli.commands import verify
from gonogo.cli.program import Program, Setup
from gonogo.usecases.desk.keys import public_pem


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle and its key, and nothing else."""
    place = tmp_path_factory.mktemp("files")

    async def write() -> None:
        async with a_notary(tmp_path_factory.mktemp("desk")) as notary:
            await notary.whole_way()
            (place / "bundle.jsonl").write_bytes(await notary.bundle())
            (place / "root.pem").write_text(await public_pem(notary.context))

    asyncio.run(write())
    return place


def run(*words: str) -> Result:
    def program() -> Program:
        raise AssertionError("checking a bundle needs no program")

    setup = Setup(home=Path("/nowhere"), port=0, program=program)
    return CliRunner().invoke(gonogo, list(words), obj=setup, catch_exceptions=False)


def test_a_bundle_that_holds_says_what_is_proven(files: Path) -> None:
    done = run("verify", "bundle", str(files / "bundle.jsonl"), "--key", str(files / "root.pem"))
    assert done.exit_code == 0, done.output
    first, *proven = done.stdout.splitlines()
    assert first.startswith("shop v1.2.0 · a1b2c3d: rolled back; signed 2026-03-01 12:02 UTC")
    assert any("signed off by quinn (qa)" in line for line in proven)


def test_a_bundle_that_holds_is_told_as_json(files: Path) -> None:
    key = (files / "root.pem").read_text()
    done = run("verify", "bundle", str(files / "bundle.jsonl"), "--key", key, "--json")
    found = json.loads(done.stdout)
    assert (found["holds"], found["outcome"], found["lines"]) == (True, "rolled_back", 10)


def test_one_changed_byte_is_refused_with_the_line_and_exit_code_20(
    files: Path, tmp_path: Path
) -> None:
    lines = (files / "bundle.jsonl").read_bytes().splitlines(keepends=True)
    place = len(lines[2]) // 2
    lines[2] = lines[2][:place] + bytes([lines[2][place] ^ 1]) + lines[2][place + 1 :]
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(lines))
    done = run("verify", "bundle", str(changed), "--key", str(files / "root.pem"))
    assert done.exit_code == 20
    assert f"{changed} does not hold: line 3: " in done.stdout
    told = run("verify", "bundle", str(changed), "--key", str(files / "root.pem"), "--json")
    assert told.exit_code == 20
    assert json.loads(told.stdout)["line"] == 3


def test_another_key_is_refused_with_exit_code_20(files: Path) -> None:
    done = run("verify", "bundle", str(files / "bundle.jsonl"), "--key", "ab" * 32)
    assert done.exit_code == 20
    assert "you trust" in done.stdout


def test_a_missing_file_and_a_key_that_is_none_are_wrong_usage(files: Path) -> None:
    missing = run("verify", "bundle", str(files / "none"), "--key", "ab" * 32)
    assert missing.exit_code == 2
    assert "cannot be read: No such file" in missing.stderr
    for key, said in (
        ("no-such-file.pem", "the key no-such-file.pem cannot be read: No such file"),
        (str(files / "bundle.jsonl"), "this is no key to trust"),
        ("{}" * 500, "this is no key to trust"),
        ("", "cannot be read"),
    ):
        wrong = run("verify", "bundle", str(files / "bundle.jsonl"), "--key", key)
        assert wrong.exit_code == 2
        assert said in wrong.stderr
    assert run("verify", "bundle", str(files / "bundle.jsonl")).exit_code == 2


def test_what_never_ends_is_not_read_to_its_end(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_LARGEST", 1000)
    endless = run("verify", "bundle", "/dev/zero", "--key", "ab" * 32)
    assert endless.exit_code == 2
    assert "/dev/zero has more than 1000 bytes" in endless.stderr
    for words in (
        ("verify", "bundle", str(files / "root.pem"), "--key", "/dev/zero"),
        ("check", "/dev/zero"),
        ("handoff", "submit", "shop", "v1", "/dev/zero"),
    ):
        done = run(*words)
        assert done.exit_code == 2
        assert "/dev/zero has more than" in done.stderr


def test_heads_are_taken_from_one_place() -> None:
    for words in (("verify", "head"), ("verify", "head", "x", "--git", "."), ("head", "publish")):
        done = run(*words)
        assert done.exit_code == 2, words
        assert "name either a file" in done.stderr
