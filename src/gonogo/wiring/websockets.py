"""The server's WebSocket protocol, made to push one message to many pages, and to answer every handshake.

Uvicorn's hands a handshake that websockets cannot parse to nobody: the connection would stay open
without an answer, and fail the server's own stop. And it builds the frame of every message anew, which
for the same message to a thousand pages costs more than sending it.

Assumes that messages are not compressed (`ws_per_message_deflate=False`): a ready frame is sent as it is.
"""

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class DeskWebSockets(WebSocketsSansIOProtocol):
    """Refuses an unreadable handshake with 400; sends the `frame` of a message where it has one."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            self.handshake_complete = self.close_sent = True
            self.transport.write(_REFUSED)
            self.transport.close()

    async def send(self, message: "ASGISendEvent") -> None:
        """See ASGI. A page that does not take what it was sent is waited for."""
        event: dict[str, Any] = message  # type: ignore[assignment]
        await self.writable.wait()
        open_still = self.conn.state is State.OPEN and not self.close_sent
        if "frame" in event and open_still and not self.disconnected:
            self.transport.write(event["frame"])
        else:
            await super().send(message)
