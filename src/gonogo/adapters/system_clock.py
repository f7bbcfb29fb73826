"""The clock of this machine."""

from datetime import UTC, datetime


class SystemClock:
    """The time as this machine has it."""

    def now(self) -> datetime:
        """An aware datetime in UTC."""
        return datetime.now(UTC)
