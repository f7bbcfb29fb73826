"""Word that something was stored, for whoever shows or waits for it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """Something was stored; what it is, has to be read.

    It is about one release, or about a service as a whole, or (both None) about anything.
    `sequence` is the newest audit entry that was written with it, 0 when none was: looks of the judge
    come without.
    """

    release: str | None
    service: str | None
    sequence: int


class Notices(Protocol):
    """Tells of everything that is stored, by this desk and by others over the same store."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Notice]]:
        """Notices from now on, in the order in which they became known, until the context is left.

        Every notice comes after its commit. A subscriber that falls far behind gets one notice about
        anything in place of those it missed, and so does everybody when word from other desks may
        have been lost: on such a notice, read all that is shown anew.
        """
        ...
