"""What every source of versions keeps."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.source import GitSource
from gonogo.adapters.memory.source import MemorySource
from gonogo.domain.errors import InvalidInput, NotFound
from gonogo.ports.source import Source


@pytest.fixture
def commit(repository: Path, run_git: Callable[..., str]) -> Callable[[str], str]:
    return lambda version: run_git(repository, "rev-parse", f"{version}^{{commit}}")


@pytest.fixture(params=["git", "memory"])
def source(
    request: pytest.FixtureRequest, repository: Path, commit: Callable[[str], str]
) -> Source:
    if request.param == "git":
        return GitSource()
    versions = {version: commit(version) for version in ("v1.1.0", "v1.2.0")}
    return MemorySource({str(repository): versions})


async def test_a_version_stands_for_one_commit(source, repository, commit):
    assert await source.resolve(str(repository), "v1.1.0") == commit("v1.1.0")


async def test_an_unknown_version_names_the_nearest(source, repository):
    with pytest.raises(NotFound, match=r'no tag "v1\.2\.1"; nearest: v1\.2\.0'):
        await source.resolve(str(repository), "v1.2.1")


async def test_a_name_like_an_option_is_refused(source, repository):
    with pytest.raises(InvalidInput):
        await source.resolve(str(repository), "--all")


async def test_an_unknown_repository_is_refused(source, tmp_path):
    with pytest.raises(InvalidInput):
        await source.resolve(str(tmp_path / "nowhere"), "v1.1.0")


async def test_all_versions_are_listed(source, repository):
    assert set(await source.tags(str(repository))) == {"v1.1.0", "v1.2.0"}


async def test_versions_of_an_unknown_repository_are_refused(source, tmp_path):
    with pytest.raises(InvalidInput):
        await source.tags(str(tmp_path / "nowhere"))


async def test_a_commit_has_one_tree(source, repository, commit):
    first = await source.tree(str(repository), commit("v1.1.0"))
    assert len(first) == 40
    assert first == await source.tree(str(repository), commit("v1.1.0"))
    assert first != await source.tree(str(repository), commit("v1.2.0"))


async def test_the_tree_of_an_unknown_commit_is_refused(source, repository):
    with pytest.raises(NotFound, match="has no commit"):
        await source.tree(str(repository), "f" * 40)


async def test_a_tree_is_asked_for_by_the_full_name_of_a_commit(source, repository):
    with pytest.raises(InvalidInput, match="not the full name"):
        await source.tree(str(repository), "--all")
