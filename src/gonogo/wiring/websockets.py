"""The server's WebSocket protocol, with an answer for handshakes that cannot be read.

Uvicorn's hands a handshake that websockets cannot parse to nobody: the connection would stay open
without an answer, and fail the server's own stop.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class AnsweringWebSockets(WebSocketsSansIOProtocol):
    """Refuses an unreadable handshake with 400."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            self.handshake_complete = self.close_sent = True
            self.transport.write(_REFUSED)
            self.transport.close()
