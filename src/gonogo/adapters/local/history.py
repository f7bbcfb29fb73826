"""What a git repository tells of its past.

Why so: the same commit must give the same counts on the desk, in CI and on a laptop. So git's settings
that change counts are all given; the repository is read as a bare one, so that attributes of whatever
is checked out do not decide what is binary; and what is generated is asked of the judged commit.

Guarantees: reads only; no shell; nothing that comes from outside is an option of git (names are
checked, then resolved to full commits first); one git process for a whole range, read as it comes.
A shallow clone is refused where its cut would change the answer, for a commit at the cut looks as if it
had added every file there is.

Assumes: git 2.31 or newer on PATH.
"""

import contextlib
import hashlib
import os
import posixpath
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.local.attributes import generated
from gonogo.adapters.local.git import (
    GitAnswer,
    GitFailed,
    GitMissing,
    git,
    git_directory,
    git_pieces,
    is_revision,
    no_git,
)
from gonogo.adapters.local.git_output import (
    LOG_FORMAT,
    CountedFile,
    LoggedCommit,
    merged_branch,
    parse_added_lines,
    parse_counts,
    parse_log,
    parts,
    text_of,
)
from gonogo.domain.change import Change, FileChange, Merge
from gonogo.domain.errors import InvalidInput, NotFound

LARGEST_TEXT = 1 << 20
"""Bytes of a file that `files` gives; the rest of a longer one is cut off."""

_COUNTING = (
    "--find-renames=50%",
    "-l1000",
    "--diff-algorithm=myers",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--ignore-submodules=none",
    "--submodule=short",
)
_VARIABLES = {"GIT_ATTR_NOSYSTEM": "1", "GIT_NO_REPLACE_OBJECTS": "1"}
_PATCH = ("--src-prefix=a/", "--dst-prefix=b/", "--inter-hunk-context=0")
_SETTINGS = (
    "--literal-pathspecs",
    "--bare",
    *("-c", "log.showRoot=true"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", "attr.tree="),
)
_LOG = ("--encoding=UTF-8", "--no-mailmap", "--no-show-signature", "--no-notes", "-z", LOG_FORMAT)


@dataclass(frozen=True, slots=True)
class _Repository:
    """`cut` are the commits at which a shallow clone ends."""

    place: Path
    git_dir: Path
    cut: frozenset[str]

    def pieces(self, *arguments: str, given: bytes = b"") -> AsyncGenerator[bytes]:
        return git_pieces(
            self.git_dir,
            *_SETTINGS,
            *arguments,
            variables=_VARIABLES,
            given=given,
        )

    async def answer(self, *arguments: str) -> GitAnswer:
        return await git(self.git_dir, *_SETTINGS, *arguments, variables=_VARIABLES)


class GitHistory:
    """Changes and files of git repositories on this machine."""

    async def change(self, repository: str, base: str | None, head: str) -> Change:
        """Everything in `head` since its merge base with `base`; with None everything, and base "".

        Raises NotFound for a name that is not there; InvalidInput for one that cannot be a name, a
        folder that is not the top of a repository, a clone that is too shallow, no git, or two commits
        with nothing in common.
        """
        with _readable(repository):
            place = await _open(repository)
            tip = await _commit(place, head)
            start = None if base is None else await _merge_base(place, base, head, tip)
            ends = (_empty_tree(tip) if start is None else start, tip)
            counted = [file async for file in _counts(place, *ends)]
            logged = (tip,) if start is None else (tip, f"^{start}")
            commits = [commit.note async for commit in _log(place, *logged, "--")]
            files = await _files(place, tip, counted)
            patch = place.pieces("diff-tree", "-r", "-p", "-U0", *_PATCH, *_COUNTING, *ends, "--")
            async with contextlib.aclosing(patch):
                added = await parse_added_lines(patch)
            return Change(
                base=start or "",
                head=tip,
                branch=await _branch(place, head),
                files=files,
                commits=tuple(commits),
                added_lines={text_of(path): ranges for path, ranges in added.items()},
            )

    async def merges(
        self, repository: str, head: str, *, since: str | None = None, limit: int | None = None
    ) -> tuple[Merge, ...]:
        """First parents of `head`, newest first, without what `since` has. Raises as `change` does.

        Files are compared with the first parent; generated is what the attributes of `head` say.
        """
        with _readable(repository):
            place = await _open(repository)
            tip = await _commit(place, head)
            wanted = [tip]
            if since is not None:
                await _merge_base(place, since, head, tip)
                wanted.append(f"^{await _commit(place, since)}")
            number = () if limit is None else (f"--max-count={max(0, limit)}",)
            options = (
                "--first-parent",
                "--diff-merges=first-parent",
                "--numstat",
                *number,
                *_COUNTING,
            )
            commits = [commit async for commit in _log(place, *options, *wanted, "--")]
            marked = await generated(
                place.git_dir, tip, (file.path for commit in commits for file in commit.files)
            )
            return tuple(
                Merge(
                    commit.note,
                    merged_branch(commit.note.subject) if len(commit.parents) > 1 else None,
                    tuple(_file(file, marked) for file in commit.files),
                )
                for commit in commits
            )

    async def files(
        self, repository: str, commit: str, paths: tuple[str, ...]
    ) -> Mapping[str, str | None]:
        """Their text as UTF-8, at most LARGEST_TEXT bytes of each; links inside the tree are followed.

        None for folders, submodules, and paths that leave the tree. Raises as `change` does.
        """
        with _readable(repository):
            place = await _open(repository)
            tip = await _commit(place, commit)
            inside = {path: found for path in paths if (found := _inside(path)) is not None}
            blobs = await _blobs(place, tip, tuple(dict.fromkeys(inside.values())))
            texts: dict[str, str | None] = dict.fromkeys(paths)
            for path, found in inside.items():
                if found in blobs:
                    texts[path] = await _text(place, blobs[found])
            return texts


@contextlib.contextmanager
def _readable(repository: str) -> Iterator[None]:
    """Git's failures as errors for people."""
    try:
        yield
    except GitMissing:
        raise no_git(repository) from None
    except (GitFailed, ValueError) as error:
        raise InvalidInput(
            f"the history of {repository} cannot be read: {error}",
            hint=f"git -C {repository} fsck --connectivity-only",
        ) from error


async def _open(repository: str) -> _Repository:
    place = Path(repository)
    git_dir = await git_directory(place)
    pointer = git_dir / "commondir"  # a linked worktree shares its history
    common = git_dir / pointer.read_text().strip() if pointer.exists() else git_dir
    cut = common / "shallow"
    return _Repository(
        place, git_dir, frozenset(cut.read_text().split()) if cut.exists() else frozenset()
    )


async def _commit(place: _Repository, name: str) -> str:
    """The full name of the commit that `name` means."""
    if not is_revision(name):
        raise InvalidInput(
            f'"{name}" cannot be the name of a commit, tag or branch',
            hint=f"git -C {place.place} branch --all",
        )
    answer = await place.answer("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if answer.code == 0:
        return answer.output.strip()
    if place.cut:
        hint = f"git -C {place.place} fetch --unshallow --tags"
        said = f"{place.place}, a shallow clone,"
    else:
        hint = f"git -C {place.place} fetch --all --tags"
        said = str(place.place)
    raise NotFound(f'{said} has no commit, tag or branch "{name}"', hint=hint)


async def _merge_base(place: _Repository, base: str, head: str, tip: str) -> str:
    answer = await place.answer("merge-base", await _commit(place, base), tip)
    if answer.code == 0:
        return answer.output.strip()
    if answer.code == 1 and place.cut:
        raise _too_shallow(place)
    if answer.code == 1:
        raise InvalidInput(f'"{base}" and "{head}" have nothing in common in {place.place}')
    raise GitFailed(answer.complaint)


def _too_shallow(place: _Repository) -> InvalidInput:
    return InvalidInput(
        f"{place.place} is a shallow clone: where its history is cut off, a change cannot be told",
        hint=f"git -C {place.place} fetch --unshallow (GitHub: fetch-depth: 0; GitLab: GIT_DEPTH: 0)",
    )


async def _branch(place: _Repository, head: str) -> str | None:
    """The branch that `head` names, itself or as what is checked out."""
    answer = await place.answer("rev-parse", "--symbolic-full-name", head)
    name = answer.output.strip()
    local = "refs/heads/"
    return name.removeprefix(local) if answer.code == 0 and name.startswith(local) else None


async def _log(place: _Repository, *arguments: str) -> AsyncIterator[LoggedCommit]:
    answer = place.pieces("log", *_LOG, *arguments)
    async with contextlib.aclosing(answer):
        async for commit in parse_log(answer):
            if commit.note.id in place.cut:
                raise _too_shallow(place)
            yield commit


async def _counts(place: _Repository, start: str, end: str) -> AsyncIterator[CountedFile]:
    answer = place.pieces("diff-tree", "-r", "-z", "--numstat", *_COUNTING, start, end, "--")
    async with contextlib.aclosing(answer):
        async for file in parse_counts(answer):
            yield file


async def _files(
    place: _Repository, commit: str, counted: Iterable[CountedFile]
) -> tuple[FileChange, ...]:
    found = tuple(counted)
    marked = await generated(place.git_dir, commit, (file.path for file in found))
    return tuple(_file(file, marked) for file in found)


def _file(file: CountedFile, marked: frozenset[bytes]) -> FileChange:
    return FileChange(
        path=text_of(file.path),
        added=file.added or 0,
        deleted=file.deleted or 0,
        old_path=None if file.old_path is None else text_of(file.old_path),
        binary=file.added is None,
        generated=file.path in marked,
    )


def _empty_tree(commit: str) -> str:
    """The name of the tree without files, in the kind of names that this commit has."""
    content = b"tree 0\0"
    if len(commit) == 40:
        return hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return hashlib.sha256(content).hexdigest()


def _inside(path: str) -> str | None:
    """The path from the top of the tree; None where it leaves it or cannot be asked for."""
    found = posixpath.normpath(path)
    outside = found.startswith(("/", "../")) or found in {".", ".."}
    return None if outside or not path or "\n" in path or "\0" in path else found


async def _blobs(
    place: _Repository, commit: str, paths: tuple[str, ...]
) -> dict[str, tuple[str, int]]:
    """Name and size of the content of each of these paths that is a file."""
    asked = b"".join(f"{commit}:{path}\n".encode(errors="replace") for path in paths)
    answer = place.pieces("cat-file", "--batch-check", "--follow-symlinks", given=asked)
    async with contextlib.aclosing(answer):
        said = [line.decode("ascii", errors="replace") async for line in parts(answer, b"\n")]
    lines = iter(said)
    found = {}
    for path in paths:
        fields = next(lines, "").split(" ")
        if len(fields) == 3 and fields[1] == "blob":
            found[path] = (fields[0], int(fields[2]))
        elif fields[0] in {"symlink", "dangling", "loop", "notdir"}:
            next(lines, "")  # what it points to stands on a line of its own
    return found


async def _text(place: _Repository, blob: tuple[str, int]) -> str:
    name, size = blob
    kept = b""
    answer = place.pieces("cat-file", "blob", name)
    async with contextlib.aclosing(answer):
        async for piece in answer:
            kept += piece
            if size > LARGEST_TEXT <= len(kept):
                break
    return kept[:LARGEST_TEXT].decode(errors="replace")
