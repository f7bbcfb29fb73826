"""Tells people on the desk's own terminal or log: one line for each message."""

import re
from datetime import UTC
from typing import TextIO

from gonogo.domain.errors import Unavailable
from gonogo.domain.message import Message
from gonogo.language.phrases import say_message
from gonogo.language.reader import Reader

_BREAKS_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ConsoleNotifier:
    """Writes to one text stream, which stays the caller's, in the language that its reader has."""

    def __init__(
        self,
        stream: TextIO,
        reader: Reader = Reader(),  # noqa: B008 - frozen
        place: str = "the desk's terminal or log",
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._place = place

    async def send(self, message: Message) -> str:
        """Write `time in UTC, release, kind, text`. Raises Unavailable when the stream refuses."""
        at = message.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = say_message(message.text, self._reader).text
        text = f"{at} {message.release} [{message.kind}] {said}"
        try:
            self._stream.write(f"{_BREAKS_A_LINE.sub(' ', text).strip()}\n")
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: it was closed, or cannot encode this
            raise Unavailable(f"the console takes no messages: {error}") from error
        return self._place
