"""Telling people."""

from typing import Protocol

from gonogo.domain.message import Message


class Notifier(Protocol):
    """One way to reach people."""

    @property
    def place(self) -> str:
        """Where messages are read, as people who look for one are told: "the log of desk north"."""
        ...

    async def send(self, message: Message) -> None:
        """Deliver one message. Raises Unavailable when it should be tried again later."""
        ...
