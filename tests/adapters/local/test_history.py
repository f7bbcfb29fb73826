"""What only real git repositories have: odd names, attributes, links, submodules, cuts, servers' words."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.git_output import merged_branch
from gonogo.adapters.local.history import LARGEST_TEXT, GitHistory
from gonogo.domain.change import Change, FileChange
from gonogo.domain.errors import InvalidInput, NotFound

Git = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, run_git: Git) -> Path:
    """A repository whose main has one file, and whose checked-out branch is `x`."""
    place = tmp_path / "history"
    place.mkdir()
    run_git(place, "init", "--quiet", "--initial-branch=main")
    (place / "a").write_text("one\ntwo\n")
    commit(place, run_git, "start")
    run_git(place, "checkout", "--quiet", "-b", "x")
    return place


def commit(place: Path, git: Git, subject: str) -> str:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(place, "rev-parse", "HEAD")


async def changed(place: Path) -> Change:
    return await GitHistory().change(str(place), "main", "x")


ODD = (
    'quote".txt',
    "line\nfeed.txt",
    "tab\there.txt",
    "two words.txt",
    "back\\slash.txt",
    "ünïcode/日本.txt",
    "-option.txt",
    ":(glob)*.txt",
    "1\t2\tnumbers.txt",
    "bell\a.txt",
)


async def test_any_file_name_is_told_as_it_is(place: Path, run_git: Git) -> None:
    for name in ODD:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text("++ b/a\n@@ -1 +1 @@\n")
    commit(place, run_git, "odd")
    change = await changed(place)
    assert {file.path for file in change.files} == set(ODD)
    assert change.added_lines == dict.fromkeys(ODD, ((1, 2),))
    (merge,) = await GitHistory().merges(str(place), "x", since="main")
    assert merge.files == change.files


async def test_renames_keep_odd_names_apart(place: Path, run_git: Git) -> None:
    text = "\n".join(f"line {number}" for number in range(20))
    for name in ODD:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(f"{name!r}\n" * 20)
    (place / "plain").write_text(text)
    commit(place, run_git, "odd")
    run_git(place, "branch", "--force", "main")
    for number, name in enumerate(ODD):
        (place / name).rename(place / f"{number}\n{number}")
    commit(place, run_git, "renamed")
    change = await changed(place)
    assert {(file.old_path, file.path) for file in change.files} == {
        (name, f"{number}\n{number}") for number, name in enumerate(ODD)
    }
    (merge,) = await GitHistory().merges(str(place), "x", since="main")
    assert merge.files == change.files


async def test_a_name_that_is_not_utf8_stays_readable_and_different(
    place: Path, run_git: Git
) -> None:
    for name in (b"caf\xe9", b"caf\xe8"):
        (place / os.fsdecode(name)).write_text("1\n")
    commit(place, run_git, "latin")
    change = await changed(place)
    assert [file.path for file in change.files] == ["caf\\xe8", "caf\\xe9"]
    assert change.added_lines == {"caf\\xe8": ((1, 1),), "caf\\xe9": ((1, 1),)}


async def test_a_changed_mode_is_a_file_without_lines(place: Path, run_git: Git) -> None:
    (place / "a").chmod(0o755)
    commit(place, run_git, "run it")
    assert (await changed(place)).files == (FileChange("a", 0, 0),)


async def test_a_link_is_the_path_that_it_holds(place: Path, run_git: Git) -> None:
    (place / "link").symlink_to("/etc/hostname")
    (place / "inside").symlink_to("a")
    (place / "a").unlink()
    (place / "a").symlink_to("b")
    (place / "b").write_text("text\n")
    commit(place, run_git, "links")
    change = await changed(place)
    assert {(file.path, file.added) for file in change.files} == {
        ("a", 1),
        ("b", 1),
        ("inside", 1),
        ("link", 1),
    }
    texts = await GitHistory().files(str(place), "x", ("link", "inside", "a", "b"))
    assert texts == {"link": None, "inside": "text\n", "a": "text\n", "b": "text\n"}


async def test_a_submodule_that_moved_is_one_file_with_two_lines(place: Path, run_git: Git) -> None:
    for number in ("1", "2"):
        entry = f"160000,{number * 40},vendor/lib"
        run_git(place, "update-index", "--add", "--cacheinfo", entry)
        run_git(place, "commit", "--quiet", "--message", number)
        if number == "1":
            run_git(place, "branch", "--force", "main")
    change = await changed(place)
    assert change.files == (FileChange("vendor/lib", 1, 1),)
    assert await GitHistory().files(str(place), "x", ("vendor/lib",)) == {"vendor/lib": None}


async def test_generated_is_what_the_commit_says_and_not_the_checkout(
    place: Path, run_git: Git
) -> None:
    (place / ".gitattributes").write_text("*.pb.py linguist-generated=true\n")
    (place / "api").mkdir()
    (place / "api" / ".gitattributes").write_text(
        "client.py linguist-generated\nown.pb.py -linguist-generated\n"
    )
    names = ("api/client.py", "api/own.pb.py", "api/server.py", "a.pb.py", "client.py")
    for name in names:
        (place / name).write_text("1\n")
    commit(place, run_git, "generated")
    run_git(place, "checkout", "--quiet", "main")
    (place / ".gitattributes").write_text("* linguist-generated\n")
    (place / ".git" / "info").mkdir(exist_ok=True)
    (place / ".git" / "info" / "attributes").write_text("server.py linguist-generated\n")
    change = await changed(place)
    assert {file.path for file in change.files if file.generated} == {"api/client.py", "a.pb.py"}


async def test_what_is_checked_out_does_not_decide_what_is_binary(
    place: Path, run_git: Git
) -> None:
    (place / "b").write_text("1\n2\n")
    commit(place, run_git, "lines")
    (place / ".gitattributes").write_text("* -diff\n")
    run_git(place, "config", "diff.renames", "false")
    run_git(place, "config", "diff.external", "false")
    run_git(place, "config", "log.showSignature", "true")
    run_git(place, "config", "diff.noprefix", "true")
    change = await changed(place)
    assert change.files == (FileChange("b", 2, 0),)
    assert change.added_lines == {"b": ((1, 2),)}


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "worktree"])
async def test_bare_repositories_and_linked_worktrees_are_read_too(
    place: Path, run_git: Git, tmp_path: Path, bare: bool
) -> None:
    (place / "b").write_text("1\n")
    (place / ".gitattributes").write_text("b linguist-generated\n")
    commit(place, run_git, "more")
    other = tmp_path / "other"
    if bare:
        run_git(tmp_path, "clone", "--quiet", "--bare", str(place), str(other))
    else:
        run_git(place, "worktree", "add", "--quiet", "--detach", str(other), "x")
    change = await GitHistory().change(str(other), "main", "x")
    assert change.files == (await changed(place)).files
    assert [file.generated for file in change.files] == [False, True]


async def test_a_shallow_clone_is_refused_with_what_to_do(
    place: Path, run_git: Git, tmp_path: Path
) -> None:
    for number in range(5):
        (place / "b").write_text(f"{number}\n")
        commit(place, run_git, f"{number}")
    clone = tmp_path / "clone"
    run_git(
        *(tmp_path, "clone", "--quiet", "--depth=2", "--no-single-branch"),
        *(f"file://{place}", str(clone)),
    )
    history = GitHistory()
    with pytest.raises(InvalidInput, match="shallow") as refused:
        await history.change(str(clone), "origin/main", "HEAD")
    assert "fetch --unshallow" in (refused.value.hint or "")
    with pytest.raises(InvalidInput, match="shallow"):
        await history.merges(str(clone), "HEAD")
    with pytest.raises(InvalidInput, match="shallow"):
        await history.change(str(clone), None, "HEAD")
    with pytest.raises(NotFound, match="shallow"):
        await history.change(str(clone), "v0", "HEAD")
    (newest,) = await history.merges(str(clone), "HEAD", limit=1)
    assert newest.files == (FileChange("b", 1, 1),)


async def test_names_of_repositories_with_long_commit_names_work(
    tmp_path: Path, run_git: Git
) -> None:
    place = tmp_path / "sha256"
    run_git(tmp_path, "init", "--quiet", "--object-format=sha256", "-b", "main", str(place))
    (place / "a").write_text("1\n")
    (place / ".gitattributes").write_text("a linguist-generated\n")
    commit(place, run_git, "start")
    change = await GitHistory().change(str(place), None, "HEAD")
    assert [(file.path, file.generated) for file in change.files] == [
        (".gitattributes", False),
        ("a", True),
    ]
    assert (len(change.head), change.branch) == (64, "main")


async def test_steps_back_tags_and_short_names_mean_their_commit(place: Path, run_git: Git) -> None:
    first = run_git(place, "rev-parse", "HEAD")
    (place / "b").write_text("1\n")
    head = commit(place, run_git, "more")
    run_git(place, "tag", "--annotate", "--message", "v1", "v1")
    for base in (first[:8], "HEAD~1", "x^", "v1~1"):
        change = await GitHistory().change(str(place), base, "v1")
        assert (change.base, change.head, change.branch) == (first, head, None)


async def test_a_large_file_is_cut_and_paths_that_leave_the_tree_are_no_files(
    place: Path, run_git: Git
) -> None:
    (place / "large").write_text("0123456789abcdef" * (LARGEST_TEXT // 8))
    (place / "two\nlines").write_text("1\n")
    commit(place, run_git, "large")
    wanted = ("large", "./a", "../a", "/a", "", ".", "two\nlines", "missing one")
    texts = await GitHistory().files(str(place), "x", wanted)
    assert len(texts["large"] or "") == LARGEST_TEXT
    assert texts["./a"] == "one\ntwo\n"
    assert [texts[path] for path in wanted[2:]] == [None] * 6


async def test_a_folder_inside_a_repository_is_not_the_repository(
    place: Path, run_git: Git
) -> None:
    (place / "inner").mkdir()
    with pytest.raises(InvalidInput, match="not the top of a git repository"):
        await GitHistory().merges(str(place / "inner"), "main")


async def test_a_machine_without_git_is_told_what_to_install(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="git is not on PATH") as refused:
        await changed(place)
    assert "install git" in (refused.value.hint or "")


async def test_a_repository_with_lost_objects_is_not_taken_for_a_small_change(
    place: Path, run_git: Git
) -> None:
    (place / "b").write_text("1\n2\n")
    commit(place, run_git, "more")
    name = run_git(place, "rev-parse", "x:b")
    (place / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(InvalidInput, match="cannot be read"):
        await changed(place)
    with pytest.raises(InvalidInput, match="cannot be read"):
        await GitHistory().merges(str(place), "x")


@pytest.mark.parametrize(
    ("subject", "branch"),
    [
        ("Merge branch 'feature/x'", "feature/x"),
        ("Merge branch 'feature/x' into 'main'", "feature/x"),
        ("Merge branch 'feature/x' into release/1", "feature/x"),
        ("Merge branch 'fix/it's' into main", "fix/it's"),
        ("Merge branch 'feature/x' of https://example.invalid/org/repo", "feature/x"),
        ("Merge remote-tracking branch 'origin/feature/x'", "feature/x"),
        ("Merge pull request #12 from org/feature/x", "feature/x"),
        ("Merge pull request #12 from org/feature-x", "feature-x"),
        ("Merge pull request 'A title' (#12) from feature/x into main", "feature/x"),
        ("Merge pull request 12 from feature/x into main", "feature/x"),
        ("Merge pull request #7 in PROJ/repo from feature/x to main", "feature/x"),
        ("Merged in feature/x (pull request #12)", "feature/x"),
        ("Merged PR 12: A title", None),
        ("Merge tag 'v1.0'", None),
        ("Merge commit '1234567'", None),
        ("A title (#12)", None),
        ("", None),
    ],
)
def test_the_subject_of_a_merge_names_its_branch(subject: str, branch: str | None) -> None:
    assert merged_branch(subject) == branch


async def test_only_a_commit_with_two_parents_is_a_merge_of_a_branch(
    place: Path, run_git: Git
) -> None:
    (place / "b").write_text("1\n")
    commit(place, run_git, "Merge branch 'feature/x'")
    (merge,) = await GitHistory().merges(str(place), "x", since="main")
    assert merge.branch is None
