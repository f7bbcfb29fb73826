"""A folder's files that a test wrote down."""

from collections.abc import Mapping

from gonogo.ports.tree import Listing


class MemoryTree:
    """Files by their paths."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)

    def listing(self) -> Listing:
        """Every path, sorted."""
        return Listing(tuple(sorted(self._files)))

    def text(self, path: str) -> str | None:
        """The text of a file, None for one that is not there."""
        return self._files.get(path)
