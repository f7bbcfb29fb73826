"""Telling people."""

from typing import Protocol

from gonogo.domain.message import Message


class Notifier(Protocol):
    """One way to reach people."""

    async def send(self, message: Message) -> None:
        """Deliver one message. Raises Unavailable when it should be tried again later."""
        ...
