"""A small real service whose versions differ in one word: `behaviour` beside this file.

Its STATE folder holds switches that a test may set while it runs: `red.VERSION` makes the smoke
test of that version fail, `bad.VERSION` its answers to customers. Every answer carries X-Version.
`/metrics` has the outcomes of customers' requests as Prometheus counters; one version answers 200 and
counts that it failed.
"""

import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BEHAVIOUR = (Path(__file__).parent / "behaviour").read_text().strip()
VERSION = os.environ["VERSION"]
STATE = Path(os.environ["STATE"])
OUTCOMES = {"ok": 0, "failed": 0}
COUNTING = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(503 if BEHAVIOUR == "never healthy" else 200)
        elif self.path == "/smoke":
            red = BEHAVIOUR == "red in staging" or (STATE / f"red.{VERSION}").exists()
            self.answer(500 if red else 200)
        elif self.path == "/metrics":
            self.show_metrics()
        else:
            self.serve_customer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.serve_customer()

    def serve_customer(self) -> None:
        if BEHAVIOUR == "closes":
            self.close_connection = True
            return
        if BEHAVIOUR == "dies":
            threading.Timer(0.5, os._exit, [7]).start()
        if BEHAVIOUR == "slow":
            time.sleep(0.3)
        bad = BEHAVIOUR == "bad" or (STATE / f"bad.{VERSION}").exists()
        with COUNTING:
            OUTCOMES["failed" if bad or BEHAVIOUR == "fails quietly" else "ok"] += 1
        self.answer(500 if bad else 200)

    def show_metrics(self) -> None:
        with COUNTING:
            shown = [f'outcomes_total{{outcome="{name}"}} {n}' for name, n in OUTCOMES.items()]
        body = "\n".join(("# TYPE outcomes_total counter", *shown, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, status: int) -> None:
        body = f'{{"version": "{VERSION}"}}'.encode()
        self.send_response(status)
        self.send_header("X-Version", VERSION)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the log is for what matters."""


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


if __name__ == "__main__":
    if BEHAVIOUR == "exits at start":
        sys.exit("the setting COLOUR is missing")
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
