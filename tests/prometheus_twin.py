"""A stand-in for Prometheus: raw samples over HTTP, and all the ways in which it may not answer."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Samples = list[tuple[float, float]]


@dataclass
class Twin:
    """`series` maps a selector to its series: (labels, samples). `says` replaces the next answers.

    `before_answer` is told how many questions there were before.
    """

    url: str = ""
    series: dict[str, list[tuple[dict[str, str], Samples]]] = field(default_factory=dict)
    says: tuple[int, str, str] | None = None
    silent: float = 0.0
    asked: list[str] = field(default_factory=list)
    before_answer: Callable[[int], None] = lambda _: None

    def add(self, selector: str, samples: Samples, **labels: str) -> Samples:
        """One more series; the list that is returned may grow."""
        self.series.setdefault(selector, []).append((labels, samples))
        return samples

    def answer(self, query: str, at: float) -> tuple[int, str, str]:
        """What a Prometheus says to a range selector."""
        self.before_answer(len(self.asked))
        self.asked.append(query)
        time.sleep(self.silent)
        if self.says is not None:
            return self.says
        found = re.fullmatch(r"(.*)\[(\d+)s\]", query)
        if found is None:
            error = {"status": "error", "errorType": "bad_data", "error": "parse error"}
            return 400, "application/json", json.dumps(error)
        rows = []
        for labels, samples in self.series.get(found[1], []):
            inside = [
                [when, repr(float(value))]
                for when, value in samples
                if at - int(found[2]) < when <= at
            ]
            if inside:
                rows.append({"metric": labels, "values": inside})
        data = {"status": "success", "data": {"resultType": "matrix", "result": rows}}
        return 200, "application/json", json.dumps(data)


@contextmanager
def prometheus_twin() -> Iterator[Twin]:
    """A twin that listens on loopback."""
    twin = Twin()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if "query" not in form:
                return  # whoever asked was gone before it had asked
            at = float(form["time"][0]) if "time" in form else time.time()
            status, kind, text = twin.answer(form["query"][0], at)
            body = text.encode()
            with contextlib.suppress(ConnectionError):  # whoever asked may have gone
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    twin.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield twin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
