"""A clock that stands still until it is told otherwise."""

from datetime import UTC, datetime, timedelta


class MemoryClock:
    """The twin of the system's clock, set by hand."""

    def __init__(self, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        return self._at

    def set(self, at: datetime) -> None:
        """Make it this time, earlier or later."""
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._at += by
