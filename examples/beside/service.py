"""A service that says what lies beside it in `answer.json`. It needs nothing but Python.

python service.py --port 8000 --version v1.0.0
"""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANSWER = Path(__file__).with_name("answer.json").read_bytes()


class Handler(BaseHTTPRequestHandler):
    """Answers every path alike; health and smoke tests have paths of their own in the spec."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    version = ""

    def do_GET(self) -> None:
        """The whole answer, and which version gave it."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.send_header("X-Service-Version", self.version)
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """Whoever routes to it keeps the log."""


class Server(ThreadingHTTPServer):
    """Threads end with it; the queue holds what comes at once."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--version", required=True)
    given = parser.parse_args()
    Handler.version = given.version
    Server(("127.0.0.1", given.port), Handler).serve_forever()
