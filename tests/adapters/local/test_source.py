from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.source import GitSource
from gonogo.domain.errors import InvalidInput, NotFound


async def test_a_tag_stands_for_its_commit_and_not_for_the_tag_object(repository, run_git):
    commit = await GitSource().resolve(str(repository), "v1.1.0")
    assert commit == run_git(repository, "rev-parse", "v1.1.0^{commit}")
    assert commit != run_git(repository, "rev-parse", "v1.1.0")


async def test_a_branch_is_not_a_version(repository):
    with pytest.raises(NotFound):
        await GitSource().resolve(str(repository), "main")


async def test_an_unknown_tag_names_the_nearest_ones(repository):
    with pytest.raises(NotFound, match=r'no tag "v1\.2\.1"; nearest: v1\.2\.0, v1\.1\.0') as caught:
        await GitSource().resolve(str(repository), "v1.2.1")
    assert caught.value.hint == f"git -C {repository} tag --list"


async def test_a_repository_without_tags_says_so(tmp_path: Path, run_git: Callable[..., str]):
    run_git(tmp_path, "init", "--quiet", "bare")
    with pytest.raises(NotFound, match="it has no tags at all"):
        await GitSource().resolve(str(tmp_path / "bare"), "v1")


async def test_a_tag_on_something_else_than_a_commit_says_so(repository, run_git):
    run_git(repository, "tag", "the-files", "v1.1.0^{tree}")
    with pytest.raises(NotFound, match="does not name a commit"):
        await GitSource().resolve(str(repository), "the-files")


@pytest.mark.parametrize(
    "version", ["--help", "-v", "", "v1..v2", "v1^", "v1 v2", "a\nb", "@{1}", "v1:run.sh", "/v1"]
)
async def test_a_name_that_no_tag_can_have_is_refused(version, repository):
    with pytest.raises(InvalidInput, match="cannot be the name of a git tag"):
        await GitSource().resolve(str(repository), version)


async def test_a_folder_that_is_no_repository_says_so(tmp_path):
    with pytest.raises(InvalidInput, match="is not the top of a git repository"):
        await GitSource().resolve(str(tmp_path), "v1")


async def test_a_folder_inside_a_repository_is_not_taken_for_it(repository):
    inside = repository / "inside"
    inside.mkdir()
    with pytest.raises(InvalidInput, match="is not the top of a git repository"):
        await GitSource().resolve(str(inside), "v1.1.0")


async def test_a_path_that_does_not_exist_says_so(tmp_path):
    with pytest.raises(InvalidInput, match="is not a folder of this machine"):
        await GitSource().resolve(str(tmp_path / "nowhere"), "v1")


async def test_a_machine_without_git_says_so(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="git is not on PATH"):
        await GitSource().resolve(str(repository), "v1.1.0")
