"""How long it takes from the deciding response until the canary is out of rotation, read back.

A canary that answers 500 to everybody gets a tenth of the customers; how long is its stay after the
answer that proves the harm? To leave nothing out:

* Which answer decides is found by replaying, line by line, what HAProxy logged through the judge. The
  desk counts in batches, and the answer that decides may be anywhere in the last of them.
* The clock starts when the version hands that answer to the system, by its own account, and stops at
  the desk's `rollback:traffic:confirmed`: the router was read back with the canary out of rotation.
* Whether customers still came after that is counted as well.

Parts: `logged` until HAProxy's line reached a reader beside the desk, `judged` until the desk had
counted and judged it, `stored` until the transaction of the rollback had the database, `out` until
the row was committed, the router was told and had been read back.

    python -m bench.decision --runs 100 --rate 200
"""

import argparse
from dataclasses import asdict, dataclass
from typing import Any

from bench.desk import Desk, customers, desk
from bench.findings import arguments, progress, spread, table, write
from bench.service import RouterLog, Service, unix_time

from gonogo import judge
from gonogo.domain.story import DECISIONS, OUT_OF_ROTATION
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi

STEPS = ["10% for 20s, at least 20 requests"]
KPI = Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5)
PARTS = ("logged", "judged", "stored", "out", "total")


@dataclass(frozen=True)
class Run:
    """One rollback. Times in milliseconds."""

    canary_requests_to_decision: int
    canary_requests: int
    canary_requests_after: int
    logged: float
    judged: float
    stored: float
    out: float
    total: float


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="deciding response → canary out of rotation")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200.0)
    options = arguments(parser)
    runs = measure(options.runs, options.rate)
    figures: dict[str, Any] = {
        "target": "p99 of total at most 100 ms",
        "milliseconds": {part: spread([getattr(run, part) for run in runs]) for part in PARTS},
        "canary_requests_to_decision": spread([r.canary_requests_to_decision for r in runs], 0),
        "canary_requests_after_read_back": sum(run.canary_requests_after for run in runs),
    }
    print(f"{len(runs)} rollbacks at {options.rate:g} requests/s; milliseconds")
    rows = [(part, *figures["milliseconds"][part].values()) for part in PARTS]
    table(("part", "n", "min", "p50", "p95", "p99", "max"), rows)
    print(f"requests to the canary after it was read back: {_after(figures)}")
    write("decision", options, figures, [asdict(run) for run in runs])


def _after(figures: dict[str, Any]) -> int:
    return int(figures["canary_requests_after_read_back"])


def measure(count: int, rate: float) -> list[Run]:
    """Roll back so many canaries under load."""
    with desk() as opened:
        service = Service(opened.home, "svc", STEPS)
        service.register(opened)
        first = opened.release("svc", service.version("good"))
        opened.follow(first, 60)
        with customers(opened.home, service.url, rate) as came:
            runs = []
            for number in range(count):
                runs.append(_one(opened, service))
                progress(f"{number + 1}/{count}: {runs[-1].total:.1f} ms")
            summary = came.stop()
        if summary["lost"]:
            progress(f"lost: {summary['lost_requests']}")
        return runs


def _one(opened: Desk, service: Service) -> Run:
    version = service.version("failing")
    with service.watch_router() as log:
        release = opened.release(service.name, version)
        opened.follow(release, 60)
    events = opened.events(release)
    port = next(e["data"]["port"] for e in events if e["action"] == "desk:slot:occupied")
    decided = next(event for event in events if event["action"] in DECISIONS)
    confirmed = next(event for event in events if event["action"] == OUT_OF_ROTATION)
    known = opened.figures(release)["canary_requests_to_decision"]
    number, seen = _deciding(log, f"127.0.0.1:{port}", known)
    answers = service.answers(version)
    left = answers[number - 1].at
    judged, out = unix_time(decided["data"]["at"]), unix_time(confirmed["data"]["at"])
    stored = unix_time(decided["at"])
    return Run(
        canary_requests_to_decision=number,
        canary_requests=len(answers),
        canary_requests_after=sum(answer.at > out for answer in answers),
        logged=_milliseconds(left, seen),
        judged=_milliseconds(seen, judged),
        stored=_milliseconds(judged, stored),
        out=_milliseconds(stored, out),
        total=_milliseconds(left, out),
    )


def _deciding(log: RouterLog, canary: str, known: int) -> tuple[int, float]:
    """(number among the canary's answers, time at which its line came) of the deciding answer.

    The desk says by which answer it had decided (`known`); the one that decided may be earlier.
    """
    plan = judge.JudgePlan((KPI,))
    memory = judge.next_step(plan, judge.begin(plan))
    number = 0
    for at, request in log.requests():
        counts = KPI.count(request) or Counts()
        if request.address == canary:
            number += 1
            memory = judge.observe(plan, memory, [Increment(KPI.name, canary=counts)])
            if judge.failed(memory) or number == known:
                return number, at
        else:
            memory = judge.observe(plan, memory, [Increment(KPI.name, baseline=counts)])
    raise RuntimeError(f"HAProxy's log shows {number} answers of the canary, none decides")


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 2)


if __name__ == "__main__":
    main()
