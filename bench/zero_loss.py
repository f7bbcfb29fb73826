"""Whether a customer is lost while versions come and go under load.

One cycle is three releases: a good version goes to everybody (deploy, shift, promote); a bad one is
taken back by the judge; a good one that has everybody already is taken back by a person during its
watch. Customers offer their load all the time, a fifth of it POSTs, which no load balancer may send
twice, and never try again themselves. Lost is what the application did not answer: no connection, a
connection that broke, no answer in time, or an error page of the load balancer's own. The 500s of the
bad version are its own answers and are counted as such.

    python -m bench.zero_loss --cycles 20 --rate 500
"""

import argparse
from dataclasses import asdict, dataclass
from typing import Any

from bench.desk import Desk, customers, desk
from bench.findings import arguments, progress, table, write
from bench.service import Service

STEPS = ["10% for 1s, at least 40 requests", "50% for 1s, at least 200 requests"]


@dataclass(frozen=True)
class Run:
    """One release: what it was there for, and how it ended."""

    kind: str
    version: str
    outcome: str
    right: bool


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="lost requests while versions come and go")
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--rate", type=float, default=500.0)
    options = arguments(parser)
    runs, summary = measure(options.cycles, options.rate)
    shown = ("seconds", "requests", "answered", "failed", "lost", "not_sent", "worst_lag_ms")
    p99 = {version: found["p99_ms"] for version, found in summary["by_version"].items()}
    figures: dict[str, Any] = {
        "target": "0 lost requests",
        **{name: summary[name] for name in shown},
        "releases": len(runs),
        "right_end": sum(run.right for run in runs),
        "worst_p99_ms_of_a_version": max(p99.values()),
        "lost_requests": summary["lost_requests"],
    }
    table(
        ("figure", "value"), [(name, figures[name]) for name in (*shown, "releases", "right_end")]
    )
    for lost in summary["lost_requests"]:
        print(f"lost: {lost}")
    for run in runs:
        if not run.right:
            print(f"wrong end: {run}")
    write("zero_loss", options, figures, [asdict(run) for run in runs])


def measure(cycles: int, rate: float) -> tuple[list[Run], dict[str, Any]]:
    """So many cycles; returns the releases and what the customers say."""
    with desk() as opened:
        service = Service(opened.home, "svc", STEPS, watch="2s")
        service.register(opened)
        opened.follow(opened.release("svc", service.version("good")), 60)
        runs: list[Run] = []
        with customers(opened.home, service.url, rate, posts=0.2) as came:
            for cycle in range(cycles):
                runs += [
                    _release(opened, service, "released", "good", "released"),
                    _release(opened, service, "taken back by the judge", "failing", "rolled_back"),
                    _taken_back(opened, service),
                ]
                progress(f"{cycle + 1}/{cycles}: {', '.join(run.outcome for run in runs[-3:])}")
            return runs, came.stop()


def _release(opened: Desk, service: Service, kind: str, behaviour: str, right: str) -> Run:
    version = service.version(behaviour)
    ended = opened.follow(opened.release(service.name, version), 120)
    return Run(kind, version, ended["stage"], ended["stage"] == right)


def _taken_back(opened: Desk, service: Service) -> Run:
    version = service.version("good")
    release = opened.release(service.name, version)
    opened.follow(release, 120, until="desk:release:watching")
    words = {"kind": "roll_back", "reason": "the bench takes it back after promotion"}
    opened.client.post(f"/releases/{release}/instructions", words)
    ended = opened.follow(release, 120)
    right = ended["stage"] == "rolled_back"
    return Run("taken back by a person after promotion", version, ended["stage"], right)


if __name__ == "__main__":
    main()
