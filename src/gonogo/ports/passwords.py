"""Keeping passwords so that nobody who reads the database learns one."""

from typing import Protocol


class PasswordHasher(Protocol):
    """Makes and checks hashes that are slow on purpose. Never in the event loop's thread."""

    async def hash(self, password: str) -> str:
        """A new hash, salted; it says by itself how it was made.

        Raises Unavailable when too many are waiting for theirs.
        """
        ...

    async def matches(self, hash_: str | None, password: str) -> bool:
        """Whether it is the password. Without a hash the same work is done and the answer is no.

        Raises Unavailable as `hash` does, NeedsPerson for a hash that cannot be read.
        """
        ...

    def outdated(self, hash_: str) -> bool:
        """Whether a hash was made with less work than one made now."""
        ...
