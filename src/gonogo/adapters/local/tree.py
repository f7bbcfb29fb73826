"""The files of a folder on this machine, which may be anybody's.

Guarantees: nothing outside of the folder is read, whatever links say; no pipe or device is waited
for; a folder of any size, depth or shape is listed within MOST_FILES entries; no file is read further
than LARGEST_TEXT. What cannot be read is left out.

Assumes: nobody changes the folder to trick the reader while it is read; the files are their owner's.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from gonogo.domain.errors import InvalidInput
from gonogo.ports.tree import Listing

MOST_FILES = 200_000
"""Entries that are looked at; the rest of a larger folder is left out, and said to be."""

LARGEST_TEXT = 256 * 1024
"""Bytes that are read of a file."""

ELSEWHERE = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        "bower_components",
        "vendor",
        ".venv",
        "venv",
        "site-packages",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".gradle",
        ".idea",
        ".next",
        ".terraform",
    }
)
"""Folders of version control, installed packages and caches: not the repository's own files."""


class FolderTree:
    """A folder, from its top."""

    def __init__(self, folder: Path) -> None:
        self._top = Path(os.path.realpath(folder))

    def listing(self) -> Listing:
        """Plain files and links to plain files inside; broad before deep, so that a cut costs the deep."""
        if not self._top.is_dir():
            raise InvalidInput(f"{self._top} is not a folder of this machine")
        try:
            os.scandir(self._top).close()
        except OSError as error:
            raise InvalidInput(f"{self._top} cannot be read: {error.strerror}") from error
        found: list[str] = []
        folders = [""]
        seen = 0
        for folder in folders:
            for entry in self._entries(folder):
                seen += 1
                if seen > MOST_FILES:
                    return Listing(tuple(sorted(found)), cut=True)
                path = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    # Submodules stay empty where versions run, and other repositories are not there.
                    if entry.name not in ELSEWHERE and not os.path.lexists(f"{entry.path}/.git"):
                        folders.append(f"{path}/")
                elif self._is_plain(entry):
                    found.append(path)
        return Listing(tuple(sorted(found)))

    def text(self, path: str) -> str | None:
        """The first LARGEST_TEXT bytes, its line ends made plain."""
        try:
            place = os.path.realpath(self._top / path)
            if not self._inside(place):
                return None
            opened = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(opened, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                content = file.read(LARGEST_TEXT)
        except (OSError, ValueError):
            return None
        return content.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._top / folder) as entries:
                yield from entries
        except OSError:
            return

    def _is_plain(self, entry: os.DirEntry[str]) -> bool:
        try:
            if not entry.is_symlink():
                return entry.is_file(follow_symlinks=False)
            return entry.is_file() and self._inside(os.path.realpath(entry.path))
        except OSError:
            return False

    def _inside(self, place: str) -> bool:
        return place.startswith(f"{str(self._top).rstrip('/')}/")
