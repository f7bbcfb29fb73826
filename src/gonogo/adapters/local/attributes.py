"""Which files a repository calls generated: `linguist-generated` in the .gitattributes of one commit.

Git applies attributes from the checkout, or since 2.40 from a commit (`check-attr --source`). The desk
judges commits that are not checked out, with whatever git there is. So the .gitattributes files of the
commit are put into an index of their own, in an empty repository that borrows the objects: this works
with every git, and attributes set on this machine alone (info/attributes, core.attributesFile) have no
say, so that the desk and CI count alike.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gonogo.adapters.local.git import git_bytes, git_pieces
from gonogo.adapters.local.git_output import parts

_FILE_MODES = (b"100644", b"100755")
_TRUE = (b"set", b"true")


async def generated(git_dir: Path, commit: str, paths: Iterable[bytes]) -> frozenset[bytes]:
    """Those of these paths that the attributes of `commit` call generated.

    Raises GitMissing, and GitFailed when the commit cannot be read.
    """
    asked = b"".join(path + b"\0" for path in dict.fromkeys(paths))
    entries = await _attribute_files(git_dir, commit) if asked else b""
    if not entries:
        return frozenset()
    with tempfile.TemporaryDirectory(prefix="gonogo-attributes-") as folder:
        place = Path(folder)
        variables = {
            "GIT_OBJECT_DIRECTORY": str(await _objects(git_dir)),
            "GIT_ATTR_NOSYSTEM": "1",
        }
        kind = "sha1" if len(commit) == 40 else "sha256"
        await git_bytes(
            place, "init", "--bare", "--quiet", "--template=", f"--object-format={kind}"
        )
        await git_bytes(
            place,
            *("--bare", "update-index", "-z", "--index-info"),
            variables=variables,
            given=entries,
        )
        answer = git_pieces(
            place,
            *("-c", f"core.attributesFile={os.devnull}", "--bare"),
            *("check-attr", "--cached", "-z", "--stdin", "linguist-generated"),
            variables=variables,
            given=asked,
        )
        found = set()
        async with contextlib.aclosing(answer):
            fields = parts(answer)
            async for path in fields:
                await anext(fields, b"")  # the attribute's name
                if await anext(fields, b"") in _TRUE:
                    found.add(path)
    return frozenset(found)


async def _attribute_files(git_dir: Path, commit: str) -> bytes:
    """The commit's .gitattributes files as `git update-index --index-info` takes them."""
    listing = git_pieces(git_dir, "--bare", "ls-tree", "-r", "-z", "--full-tree", commit)
    kept = []
    async with contextlib.aclosing(listing):
        async for entry in parts(listing):
            is_file = entry.startswith(_FILE_MODES)
            if is_file and entry.endswith((b"\t.gitattributes", b"/.gitattributes")):
                kept.append(entry + b"\0")
    return b"".join(kept)


async def _objects(git_dir: Path) -> Path:
    answer = await git_bytes(git_dir, "--bare", "rev-parse", "--git-path", "objects")
    return git_dir / os.fsdecode(answer.removesuffix(b"\n"))
