"""A notifier that remembers, and refuses when told to."""

from gonogo.domain.errors import Unavailable
from gonogo.domain.message import Message


class MemoryNotifier:
    """The twin of every notifier. `messages` holds what was delivered, in order.

    While `failing` holds a sentence, nothing is delivered and sending raises Unavailable with it.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.failing: str | None = None

    async def send(self, message: Message) -> str:
        """Remember one message. Raises Unavailable while failing."""
        if self.failing is not None:
            raise Unavailable(self.failing)
        self.messages.append(message)
        return "the memory"
