"""Telling people."""

from typing import Protocol

from gonogo.domain.message import Message


class Notifier(Protocol):
    """One way to reach people."""

    async def send(self, message: Message) -> str:
        """Deliver one message; returns where to, as people are told: "the terminal or log of desk north".

        Raises Unavailable when it should be tried again later.
        """
        ...
