"""Fresh databases that are only names."""

from gonogo.domain.errors import ActionFailed


class MemoryScratch:
    """The twin of the scratch databases. `there` are those that were made and not dropped."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.refuses: str | None = None
        self.untouched = False

    async def make(self, like: str, name: str) -> str:
        """A URL with this name. Raises ActionFailed when told to refuse."""
        if self.refuses is not None:
            raise ActionFailed(self.refuses)
        self.there.add(name)
        return f"{like.rsplit('/', 1)[0]}/{name}"

    async def written(self, like: str, name: str) -> bool:
        """Whether something was put into it; `untouched` says that nothing ever is."""
        del like
        return name in self.there and not self.untouched

    async def drop(self, like: str, name: str) -> None:
        """Forget it."""
        del like
        self.there.discard(name)
