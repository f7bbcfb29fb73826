"""Messages that wait to be sent, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gonogo.domain.message import Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: when it was sent (None: not yet) and where to, how often that was tried
    in vain or not, why it was put off the last time, and when it is due.

    `sent_to` is empty where nobody wrote it down. A message with trouble and no attempts is held back.
    """

    message: Message
    sent_at: datetime | None
    attempts: int
    due_at: datetime
    trouble: str = ""
    sent_to: str = ""


class Outbox(Protocol):
    """Messages that wait to be sent."""

    async def deliveries(self, release_id: str, limit: int = 200) -> tuple[Delivery, ...]:
        """The newest messages about a release, in the order they were queued."""
        ...

    async def waiting(self, now: datetime, limit: int = 20) -> tuple[Message, ...]:
        """Messages due by now, oldest first.

        Where several desks share the store, no two are given the same message within a minute.
        """
        ...

    async def unsent(self, limit: int = 100) -> tuple[Message, ...]:
        """Messages that were not delivered yet, due or put off, oldest first: to look at, not to send."""
        ...

    async def sent(self, message_id: str, at: datetime, to: str) -> None:
        """It was delivered there."""
        ...

    async def postpone(
        self, message_id: str, until: datetime, why: str, *, tried: bool = True
    ) -> None:
        """It was not delivered, or not even tried; it is due again at `until`."""
        ...
