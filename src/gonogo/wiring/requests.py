"""The server's HTTP protocol: a parser written in C where it is installed, and a limit on what it may hold.

Reading a request with h11, which is written in Python, costs more than refusing it: a flood of them
takes the processor from everybody else. httptools reads one in a few microseconds, but sets no limit to
the lines before and after a body, and keeps them: whoever never ends a line could fill the desk's memory.

Guarantees: of what no part of the desk has seen yet, one connection holds at most `MOST` bytes and what
came in one piece with them; then it is answered 431 and closed.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

MOST = 64 << 10
"""Bytes of a request's line and headers, or of what follows its body, that are waited for."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

if TYPE_CHECKING:
    import asyncio


def request_protocol() -> "type[asyncio.Protocol] | str":
    """What uvicorn reads requests with: `DeskRequests`, or h11 where there is no httptools."""
    if find_spec("httptools") is None:
        return "h11"
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class DeskRequests(HttpToolsProtocol):
        """Counts what the parser was given since it told of anything."""

        def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
            super().__init__(*given, **named)
            self._untold = 0

        def data_received(self, data: bytes) -> None:
            """See asyncio.Protocol."""
            self._untold += len(data)
            super().data_received(data)
            if self._untold > MOST and not self.transport.is_closing():
                if self.cycle is None or self.cycle.response_complete:
                    self.transport.write(_TOO_LARGE)
                self.transport.close()

        def on_headers_complete(self) -> None:
            """The request can be handed on."""
            self._untold = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """A piece of the body can be handed on."""
            self._untold = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            """The whole request was told of."""
            self._untold = 0
            super().on_message_complete()

    return DeskRequests
