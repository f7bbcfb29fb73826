"""Heads in files and tags, where something is in the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.heads import FileHeads, GitHeads
from gonogo.domain.errors import ActionFailed, InvalidInput


async def test_a_head_becomes_an_annotated_tag_that_can_be_pushed(
    repository: Path, tmp_path: Path, run_git: Callable[..., str]
) -> None:
    other = tmp_path / "other.git"
    run_git(tmp_path, "init", "--quiet", "--bare", str(other))
    run_git(repository, "remote", "add", "archive", str(other))
    where = await GitHeads(repository, "archive").publish(7, '{"head":7}')
    assert where.endswith("pushed to archive")
    assert run_git(other, "cat-file", "-t", "refs/tags/gonogo-audit/7") == "tag"
    assert await GitHeads(other).published() == ('{"head":7}',)


async def test_nobodys_hooks_run_when_a_head_is_published(
    repository: Path, tmp_path: Path, run_git: Callable[..., str]
) -> None:
    other = tmp_path / "other.git"
    run_git(tmp_path, "init", "--quiet", "--bare", str(other))
    run_git(repository, "remote", "add", "archive", str(other))
    hook = repository / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    await GitHeads(repository, "archive").publish(7, '{"head":7}')
    assert await GitHeads(other).published() == ('{"head":7}',)


async def test_a_remote_that_cannot_be_reached_is_said(repository: Path) -> None:
    with pytest.raises(ActionFailed, match="git could not publish"):
        await GitHeads(repository, "nowhere").publish(7, '{"head":7}')


async def test_a_remote_like_an_option_is_refused(repository: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a remote"):
        await GitHeads(repository, "--exec=touch").publish(7, "{}")


async def test_a_folder_that_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(ActionFailed, match="not a git repository"):
        await GitHeads(tmp_path).publish(7, "{}")
    with pytest.raises(InvalidInput, match="cannot be read"):
        await GitHeads(tmp_path).published()
    with pytest.raises(InvalidInput, match="not a folder"):
        await GitHeads(tmp_path / "gone").published()


async def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"):
        await FileHeads(tmp_path).publish(1, "{}")
    with pytest.raises(InvalidInput, match="cannot be read"):
        await FileHeads(tmp_path / "gone").published()
    (tmp_path / "image").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="no text"):
        await FileHeads(tmp_path / "image").published()
