"""What a repository tells of its past."""

from collections.abc import Mapping
from typing import Protocol

from gonogo.domain.change import Change, Merge


class History(Protocol):
    """Changes between commits, and what files a version has. Reads, never writes."""

    async def change(self, repository: str, base: str | None, head: str) -> Change:
        """Everything in `head` since its merge base with `base`; with None, everything there is.

        `base` and `head` are commits, tags or branches. Raises NotFound for one that does not exist,
        InvalidInput when the repository cannot be read or the two have nothing in common.
        """
        ...

    async def merges(
        self, repository: str, head: str, *, since: str | None = None, limit: int | None = None
    ) -> tuple[Merge, ...]:
        """Changes that came in on the main line up to `head`, newest first: its first parents.

        `since` leaves out what that commit has already. Raises as `change` does.
        """
        ...

    async def files(
        self, repository: str, commit: str, paths: tuple[str, ...]
    ) -> Mapping[str, str | None]:
        """The text of each of these files in this commit; None where it has no such file.

        Raises as `change` does.
        """
        ...
