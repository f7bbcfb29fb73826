"""What every history does, by the same cases: git repositories, and the twin in memory."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from gonogo.adapters.local.history import GitHistory
from gonogo.adapters.memory.history import MemoryHistory
from gonogo.domain.change import FileChange
from gonogo.domain.errors import InvalidInput, NotFound
from gonogo.ports.history import History

ONE = "one\ntwo\nthree\nfour\n"


class Ground(Protocol):
    """A repository to put commits into, and the history that reads it."""

    history: History
    repository: str

    def commit(
        self,
        branch: str,
        tree: Mapping[str, str],
        subject: str = "work",
        *,
        body: str = "",
        author: tuple[str, str] = ...,
        merged: str | None = None,
    ) -> str: ...

    def name(self, name: str, commit: str) -> None: ...

    def mark_generated(self, path: str) -> Mapping[str, str]:
        """Files that the commit needs for this path to count as generated."""
        ...


class GitGround:
    def __init__(self, place: Path) -> None:
        self.history: History = GitHistory()
        self.repository = str(place)
        self._place = place
        self._author = ("author", "author@example.invalid")
        place.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")

    def _git(self, *arguments: str) -> str:
        name, email = self._author
        done = subprocess.run(
            ["git", "-C", str(self._place), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._place.parent),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_NAME": name,
                "GIT_AUTHOR_EMAIL": email,
                "GIT_COMMITTER_NAME": name,
                "GIT_COMMITTER_EMAIL": email,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(
        self,
        branch: str,
        tree: Mapping[str, str],
        subject: str = "work",
        *,
        body: str = "",
        author: tuple[str, str] = ("author", "author@example.invalid"),
        merged: str | None = None,
    ) -> str:
        self._git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", "--", ".")
        for path, text in tree.items():
            file = self._place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
            self._git("add", "--force", "--", path)
        parents = []
        for each in (branch, merged):
            if each is not None and self._git("for-each-ref", "--format=x", f"refs/heads/{each}"):
                parents += ["-p", self._git("rev-parse", f"refs/heads/{each}")]
        self._author = author
        tree_name = self._git("write-tree")
        made = self._git("commit-tree", tree_name, *parents, "-m", f"{subject}\n\n{body}")
        self._git("update-ref", f"refs/heads/{branch}", made)
        return made

    def name(self, name: str, commit: str) -> None:
        self._git("branch", name, commit)

    def mark_generated(self, path: str) -> Mapping[str, str]:
        return {".gitattributes": f"{path} linguist-generated\n"}


class MemoryGround:
    def __init__(self) -> None:
        self.memory = MemoryHistory("/repository")
        self.history: History = self.memory
        self.repository = "/repository"

    def commit(self, branch: str, tree: Mapping[str, str], subject: str = "work", **more) -> str:
        return self.memory.commit(self.repository, branch, tree, subject=subject, **more)

    def name(self, name: str, commit: str) -> None:
        self.memory.name(self.repository, name, commit)

    def mark_generated(self, path: str) -> Mapping[str, str]:
        self.memory.generated.add(path)
        return {".gitattributes": f"{path} linguist-generated\n"}


@pytest.fixture(params=["git", "memory"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    if request.param == "memory":
        return MemoryGround()
    return GitGround(tmp_path / "history")


async def test_a_change_is_counted_from_the_merge_base_and_not_from_the_tip_of_its_base(
    ground: Ground,
) -> None:
    start = ground.commit("main", {"a": ONE})
    ground.name("feature/x", start)
    ground.commit("main", {"a": ONE, "elsewhere": "new\n"})
    tip = ground.commit("feature/x", {"a": ONE, "b": "1\n2\n"})
    change = await ground.history.change(ground.repository, "main", "feature/x")
    assert (change.base, change.head, change.branch) == (start, tip, "feature/x")
    assert change.files == (FileChange("b", 2, 0),)


async def test_a_line_that_was_added_and_taken_away_again_does_not_count(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"a": ONE}))
    ground.commit("x", {"a": f"{ONE}five\n"})
    ground.commit("x", {"a": ONE})
    change = await ground.history.change(ground.repository, "main", "x")
    assert change.files == ()
    assert len(change.commits) == 2


async def test_added_lines_are_closed_ranges_in_the_new_file(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"a": ONE, "gone": ONE}))
    ground.commit("x", {"a": "one\nnew\nnewer\ntwo\nfour\nlast\n", "b": "1\n"})
    change = await ground.history.change(ground.repository, "main", "x")
    assert change.added_lines == {"a": ((2, 3), (6, 6)), "b": ((1, 1),)}
    assert change.files == (
        FileChange("a", 3, 1),
        FileChange("b", 1, 0),
        FileChange("gone", 0, 4),
    )


async def test_a_renamed_file_is_one_file_with_both_its_names(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"old name": ONE}))
    ground.commit("x", {"new/name": ONE})
    change = await ground.history.change(ground.repository, "main", "x")
    assert change.files == (FileChange("new/name", 0, 0, old_path="old name"),)
    assert change.added_lines == {}


async def test_a_binary_file_has_no_lines(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"a": ONE}))
    ground.commit("x", {"a": ONE, "picture": "\0\1\n\2\n"})
    change = await ground.history.change(ground.repository, "main", "x")
    assert change.files == (FileChange("picture", 0, 0, binary=True),)


async def test_what_is_generated_is_said_of_changes_and_of_merges(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"a": ONE}))
    marked = ground.mark_generated("api/client.py")
    ground.commit("x", {"a": ONE, **marked, "api/client.py": ONE, "api/server.py": ONE})
    change = await ground.history.change(ground.repository, "main", "x")
    assert {file.path for file in change.files if file.generated} == {"api/client.py"}
    (merge,) = await ground.history.merges(ground.repository, "x", since="main")
    assert merge.files == change.files


async def test_a_change_knows_its_commits_newest_first_with_all_they_say(ground: Ground) -> None:
    ground.name("x", ground.commit("main", {"a": ONE}))
    first = ground.commit("x", {"a": "1\n"}, "feat: first", body="Why.\n\nAnd how.")
    second = ground.commit(
        "x", {"a": "2\n"}, 'fix: "second"\tß', author=('D\'Arcy "Ö" O|Neil', "d+x@example.invalid")
    )
    change = await ground.history.change(ground.repository, "main", "x")
    assert [note.id for note in change.commits] == [second, first]
    newest, oldest = change.commits
    assert (newest.author_name, newest.author_email) == (
        'D\'Arcy "Ö" O|Neil',
        "d+x@example.invalid",
    )
    assert (newest.subject, oldest.subject) == ('fix: "second"\tß', "feat: first")
    assert (newest.body, oldest.body) == ("", "Why.\n\nAnd how.")
    assert newest.at.tzinfo is not None


async def test_without_a_base_a_change_is_everything_there_is(ground: Ground) -> None:
    ground.commit("main", {"a": ONE})
    ground.commit("main", {"a": ONE, "b": "1\n"})
    change = await ground.history.change(ground.repository, None, "main")
    assert change.base == ""
    assert change.files == (FileChange("a", 4, 0), FileChange("b", 1, 0))
    assert len(change.commits) == 2


async def test_a_base_that_has_it_all_leaves_nothing(ground: Ground) -> None:
    start = ground.commit("main", {"a": ONE})
    ground.commit("main", {"a": "other\n"})
    change = await ground.history.change(ground.repository, "main", start)
    assert (change.base, change.files, change.commits) == (start, (), ())


async def test_merges_are_the_first_parents_with_all_that_each_brought(ground: Ground) -> None:
    start = ground.commit("main", {"a": ONE}, "start")
    ground.name("feature/x", start)
    ground.commit("feature/x", {"a": ONE, "b": "1\n"}, "b")
    ground.commit("feature/x", {"a": ONE, "b": "1\n", "c": "1\n2\n"}, "c")
    direct = ground.commit("main", {"a": "one\n"}, "fix: direct")
    tree = {"a": "one\n", "b": "1\n", "c": "1\n2\n"}
    merged = ground.commit("main", tree, "Merge branch 'feature/x'", merged="feature/x")
    merges = await ground.history.merges(ground.repository, "main")
    assert [(each.commit.id, each.branch) for each in merges] == [
        (merged, "feature/x"),
        (direct, None),
        (start, None),
    ]
    assert merges[0].files == (FileChange("b", 1, 0), FileChange("c", 2, 0))
    assert merges[1].files == (FileChange("a", 0, 3),)
    assert merges[2].files == (FileChange("a", 4, 0),)


async def test_merges_leave_out_what_came_before_and_stop_at_their_limit(ground: Ground) -> None:
    made = [ground.commit("main", {"a": f"{number}\n"}) for number in range(5)]
    history, place = ground.history, ground.repository
    since = await history.merges(place, "main", since=made[1])
    assert [each.commit.id for each in since] == [made[4], made[3], made[2]]
    limited = await history.merges(place, "main", limit=2)
    assert [each.commit.id for each in limited] == [made[4], made[3]]
    assert await history.merges(place, "main", since="main") == ()
    assert await history.merges(place, "main", limit=0) == ()


async def test_a_change_that_touches_no_file_is_a_merge_without_files(ground: Ground) -> None:
    ground.commit("main", {"a": ONE})
    ground.commit("main", {"a": ONE}, "empty")
    merges = await ground.history.merges(ground.repository, "main")
    assert [len(each.files) for each in merges] == [0, 1]


async def test_files_are_those_of_the_commit_and_none_where_there_is_no_such_file(
    ground: Ground,
) -> None:
    old = ground.commit("main", {"CHANGES.md": "1.0\n"})
    ground.commit("main", {"CHANGES.md": "1.1 ß\n", "docs/guide.md": ONE})
    wanted = ("CHANGES.md", "docs/guide.md", "docs", "missing")
    assert await ground.history.files(ground.repository, old, wanted) == {
        "CHANGES.md": "1.0\n",
        "docs/guide.md": None,
        "docs": None,
        "missing": None,
    }
    new = await ground.history.files(ground.repository, "main", wanted)
    assert (new["CHANGES.md"], new["docs/guide.md"], new["docs"]) == ("1.1 ß\n", ONE, None)


async def test_a_name_that_is_not_there_is_not_found(ground: Ground) -> None:
    ground.commit("main", {"a": ONE})
    history, place = ground.history, ground.repository
    with pytest.raises(NotFound, match='no commit, tag or branch "nowhere"'):
        await history.change(place, "nowhere", "main")
    with pytest.raises(NotFound):
        await history.change(place, "main", "nowhere")
    with pytest.raises(NotFound):
        await history.merges(place, "main", since="nowhere")
    with pytest.raises(NotFound):
        await history.files(place, "f" * 40, ("a",))


@pytest.mark.parametrize("name", ["", "-x", "--output=/tmp/x", "a b", "a\nb"])
async def test_what_cannot_be_a_name_never_reaches_git(ground: Ground, name: str) -> None:
    ground.commit("main", {"a": ONE})
    with pytest.raises(InvalidInput, match="cannot be the name"):
        await ground.history.change(ground.repository, "main", name)


async def test_two_commits_with_nothing_in_common_are_refused(ground: Ground) -> None:
    ground.commit("main", {"a": ONE})
    ground.commit("other", {"a": ONE}, "unrelated")
    with pytest.raises(InvalidInput, match="nothing in common"):
        await ground.history.change(ground.repository, "main", "other")
    with pytest.raises(InvalidInput, match="nothing in common"):
        await ground.history.merges(ground.repository, "other", since="main")


async def test_a_repository_without_commits_has_no_head(ground: Ground) -> None:
    with pytest.raises(NotFound):
        await ground.history.change(ground.repository, None, "main")


async def test_a_folder_that_is_no_repository_is_refused(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for place in (tmp_path / "plain", tmp_path / "missing"):
        with pytest.raises(InvalidInput, match=r"repository"):
            await ground.history.merges(str(place), "main")
