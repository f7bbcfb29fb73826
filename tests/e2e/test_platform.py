"""A real desk and a platform that it reaches by scripts alone, with the desk's router or the platform's."""

import contextlib
import json
import random
import shlex
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from tests.e2e.customers import Customers
from tests.e2e.desk import STEPS, DeskHouse, SmallService, eventually, spec_text
from tests.little_platform import SOURCE, Platform
from tests.prometheus_twin import Twin, prometheus_twin

LONGER = ("20% for 8s, at least 15 requests", "50% for 1s, at least 15 requests")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform, with nothing left of it once the desk before it is down."""
    made = Platform(tmp_path / "platform")
    (tmp_path / "platform.py").write_text(SOURCE)
    yield made
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PLATFORM") == str(made.home):
                left.append(process)
                process.kill()
    assert not left, "retire left something running"


def registered(
    desk: DeskHouse,
    repository: Path,
    platform: Platform,
    ports: tuple[int, int],
    *,
    weight: bool = False,
    extra: tuple[str, ...] = (),
    steps: tuple[str, ...] = STEPS,
) -> SmallService:
    """The small service with production on the platform."""
    folder = platform.home.parent
    run = shlex.join([sys.executable, "-I", str(folder / "platform.py")])
    scripts = {
        "deploy": f"{run} deploy {{instance}} {{port}} {{version}} {{run}}",
        "read": f"{run} read {{instance}}",
        "retire": f"{run} retire {{instance}}",
    }
    if weight:
        scripts["weight"] = f"{run} weight {{instance}} {{share}}"
    deploy = json.dumps({"command": {**scripts, "every": "500ms", "stale": "20s"}})
    text = spec_text("small", ports, folder, extra=extra, steps=steps)
    shares = ", SHARES: yes" if weight else ""
    before = f"  production: {{port: {ports[1]}, deploy: processes, env: {{"
    assert before in text
    after = before.replace("processes", deploy) + f"PLATFORM: {platform.home}{shares}, "
    text = text.replace(before, after)
    spec = folder / "gonogo.yaml"
    spec.write_text(text)
    desk.post("/services", {"spec": text, "path": str(spec), "repository": str(repository)})
    return SmallService("small", ports[1], folder, spec, desk)


@pytest.mark.slow
def test_a_release_goes_through_canary_on_a_platform_and_a_bad_one_is_taken_back(
    platform: Platform,
    own_desk: DeskHouse,
    small_repository: Path,
    free_port: Callable[[], int],
) -> None:
    service = registered(own_desk, small_repository, platform, (free_port(), free_port()))
    own_desk.until(own_desk.begin("small", "v1.0.0"), "released")
    with Customers(service.port) as customers:
        good = own_desk.until(own_desk.begin("small", "v1.1.0"), "released")
        bad = own_desk.until(own_desk.begin("small", "bad"), "rolled_back")
        eventually(lambda: customers.of("v1.1.0") > 50, "customers of the version that serves")
    assert "errors" in bad["reason"]
    assert not customers.lost
    assert 0 < customers.answers["bad", 500] < customers.of("v1.1.0")
    assert list(own_desk.slots("small")) == ["v1.1.0"]
    there = [each.name for each in platform.home.iterdir() if each.is_dir()]
    assert there == [f"{good['id']}.production"]
    assert platform.calls("deploy") == 3
    own_desk.kill()
    own_desk.start()  # adopts what its platform says
    eventually(lambda: "v1.1.0 answers" in own_desk.run("doctor").out, "the doctor's word")
    assert platform.calls("deploy") == 3


@pytest.mark.slow
def test_a_desk_killed_while_a_script_deploys_asks_the_platform_and_does_not_deploy_twice(
    platform: Platform,
    own_desk: DeskHouse,
    small_repository: Path,
    free_port: Callable[[], int],
) -> None:
    registered(own_desk, small_repository, platform, (free_port(), free_port()))
    platform.mood("deploy", "hang")
    release = own_desk.begin("small", "v1.0.0")
    eventually(lambda: platform.calls("deploy") == 1, "the deploy")
    own_desk.kill()
    own_desk.start()
    held = own_desk.until(release, "needs_person")
    assert "nobody saw it end" in held["reason"]
    hanging = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(platform.home.parent / "platform.py") in (process.info["cmdline"] or [])
    ]
    assert not [each for each in hanging if "deploy" in each.info["cmdline"]]
    assert platform.calls("deploy") == 1
    platform.mood("deploy")
    assert own_desk.run("resume", release, "--again", "--reason", "nothing was done").code == 0
    own_desk.until(release, "released")
    assert platform.calls("deploy") == 2


class Balancer:
    """The platform's load balancer: customers are shared by its weights and counted for Prometheus."""

    def __init__(self, platform: Platform, twin: Twin, port: int) -> None:
        self._platform = platform
        self._twin = twin
        self._total: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._samples: dict[tuple[str, str], list[tuple[float, float]]] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        balancer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, version = balancer.forward()
                self.send_response(status)
                if version:
                    self.send_header("X-Version", version)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True

    def __enter__(self) -> "Balancer":
        self._threads = [
            threading.Thread(target=self._server.serve_forever),
            threading.Thread(target=self._scrape),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def shares(self) -> dict[int, float]:
        """The weight of every port."""
        found = {}
        for known in self._platform.home.glob("*/known"):
            with contextlib.suppress(OSError, ValueError):
                weight = float((known.parent / "share").read_text())
                found[int(json.loads(known.read_text())["port"])] = weight
        return found

    def forward(self) -> tuple[int, str]:
        """Ask one version on behalf of a customer."""
        shares = {port: weight for port, weight in self.shares().items() if weight}
        if not shares:
            return 503, ""
        (port,) = random.choices(list(shares), list(shares.values()))
        version = ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                status, version = answer.status, answer.headers["X-Version"]
        except urllib.error.HTTPError as error:
            with error:
                status, version = error.code, error.headers["X-Version"]
        except OSError:
            status = 502
        with self._lock:
            self._total[f"127.0.0.1:{port}"] += 1
            self._bad[f"127.0.0.1:{port}"] += status >= 500
        return status, version

    def _scrape(self) -> None:
        while not self._end.wait(0.1):
            with self._lock:
                now = time.time()
                for port in self.shares():
                    address = f"127.0.0.1:{port}"
                    for selector, counter in (("total", self._total), ("bad", self._bad)):
                        key = selector, address
                        if key not in self._samples:
                            self._samples[key] = self._twin.add(selector, [], instance=address)
                        self._samples[key].append((now, float(counter[address])))


@pytest.fixture
def elsewhere(
    platform: Platform, free_port: Callable[[], int]
) -> Iterator[tuple[Twin, Balancer, int]]:
    """The platform's load balancer at a port, and the Prometheus that counts what it does."""
    port = free_port()
    with ExitStack() as stack:
        twin = stack.enter_context(prometheus_twin())
        yield twin, stack.enter_context(Balancer(platform, twin, port)), port


@pytest.mark.slow
def test_where_the_platform_shares_customers_a_bad_canary_loses_them_by_its_counters(
    platform: Platform,
    own_desk: DeskHouse,
    small_repository: Path,
    free_port: Callable[[], int],
    elsewhere: tuple[Twin, Balancer, int],
) -> None:
    twin, balancer, port = elsewhere
    metrics = (
        "metrics:",
        "  prometheus:",
        f"    url: {twin.url}",
        "    every: 200ms",
        "    counts: {errors: {total: total, bad: bad}}",
    )
    service = registered(
        own_desk,
        small_repository,
        platform,
        (free_port(), port),
        weight=True,
        extra=metrics,
        steps=LONGER,
    )
    own_desk.until(own_desk.begin("small", "v1.0.0"), "released")
    assert list(balancer.shares().values()) == [1.0]
    with Customers(service.port) as customers:
        good = own_desk.begin("small", "v1.1.0")
        own_desk.until_step(good, 0)
        eventually(lambda: sorted(balancer.shares().values()) == [0.2, 0.8], "the shares")
        own_desk.until(good, "released")
        release = own_desk.begin("small", "bad")
        bad = own_desk.until(release, "rolled_back")
        eventually(lambda: customers.of("v1.1.0") > 50, "customers of the version that serves")
    assert "errors" in bad["reason"]
    assert customers.answers["v1.1.0", 200] > 50
    assert list(balancer.shares().values()) == [1.0]
    assert own_desk.router_pid("small") == 0, "no router of the desk's own stands before it"
