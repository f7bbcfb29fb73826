"""What files a folder holds."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Listing:
    """Paths from the top of the tree with `/` between, sorted; `cut` says that there were more."""

    paths: tuple[str, ...]
    cut: bool = False


class Tree(Protocol):
    """A folder's files. Reads, never writes and never runs anything."""

    def listing(self) -> Listing:
        """Its plain files, without those of version control and of installed packages.

        Raises InvalidInput when the folder itself cannot be read.
        """
        ...

    def text(self, path: str) -> str | None:
        """The beginning of a file, with `�` where it is no UTF-8; None for anything that is no plain
        file inside the tree, or cannot be read."""
        ...
