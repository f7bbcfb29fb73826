"""Fresh databases that are thrown away."""

from typing import Protocol


class Scratch(Protocol):
    """Makes and drops databases. Every call converges: repeating it does no harm."""

    async def make(self, like: str, name: str) -> str:
        """The URL of an empty database called `name`, of the kind and on the server of the URL `like`.

        What was there under that name is dropped first; the database that `like` itself names is never
        touched. Raises InvalidInput for a kind of database that it cannot make, ActionFailed when the
        server refuses, Unavailable when it does not answer.
        """
        ...

    async def written(self, like: str, name: str) -> bool:
        """Whether anything was put into this database since it was made. Raises as `make` does."""
        ...

    async def drop(self, like: str, name: str) -> None:
        """See that there is no such database. Raises as `make` does."""
        ...
