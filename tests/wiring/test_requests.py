"""The server's HTTP protocol holds back what nobody could read, however it is sent."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from gonogo.wiring.requests import MOST, request_protocol

pytest.importorskip("httptools", reason="requests are read by h11 where httptools is missing")

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\n"


async def tells_its_length(scope, receive, send) -> None:
    """An application that answers with the number of bytes it was sent."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message.get("more_body", False)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        configuration = uvicorn.Config(
            tells_its_length, http=request_protocol(), lifespan="off", log_level="critical"
        )
        server = uvicorn.Server(configuration)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def sent(port: int, first: bytes, again: bytes = b"", times: int = 0) -> bytes:
    """Everything that comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        try:
            client.sendall(first)
            for _ in range(times):
                client.sendall(again)
        except OSError:
            pass  # it was closed while this was still being sent
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (HEAD + b"X-Long: ", b"a" * 4096),
        (HEAD, b"X-Many: " + b"a" * 400 + b"\r\n"),
        (b"GET /", b"a" * 4096),
    ],
)
def test_a_head_that_never_ends_is_refused_and_closed(port: int, first: bytes, again: bytes):
    answer = sent(port, first, again, 100 * MOST // len(again))
    assert answer == b"" or answer.split()[1] in {b"431", b"400"}


def test_trailers_that_never_end_close_the_connection(port: int):
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    trailer = b"X-Trailer: " + b"a" * 400 + b"\r\n"
    assert b" 200 " not in sent(port, head, trailer, 100 * MOST // len(trailer))


def test_a_body_may_be_much_larger_than_a_head(port: int):
    size = 20 * MOST
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size
    assert sent(port, head, b"a" * 4096, size // 4096).endswith(b"\r\n\r\n%d" % size)


def test_requests_after_one_another_are_each_counted_from_their_own_beginning(port: int):
    one = HEAD + b"X-Long: " + b"a" * (MOST // 2) + b"\r\nContent-Length: 3\r\n\r\nabc"
    last = HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    assert sent(port, one * 6 + last).count(b"HTTP/1.1 200") == 7
