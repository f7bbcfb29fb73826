"""How many customers meet a bad canary, and whether a good one gets through unattended.

Three kinds of candidates get a tenth of the customers, each in so many releases, each release a new
commit: one that always answers 500, one that closes every connection, and a good one. The good one
fails a small share of its requests, and so does the baseline, because real services do: a judge that
takes every error for harm would stop it.

A canary request is one that HAProxy drew for the canary, by HAProxy's own log, those between the
decision and the read-back included. `attempts` is what the canary itself received: a retried request
may be drawn to it twice.

Releases run one after the other in each of so many lanes; a lane is a service with its own router
and customers, all on one desk.

    python -m bench.harm --runs 100 --rate 100 --lanes 2
"""

import argparse
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from bench.desk import Desk, customers, desk
from bench.findings import arguments, progress, spread, table, write
from bench.service import Service, unix_time

from gonogo.domain.story import OUT_OF_ROTATION

STEPS = ["10% for 2s, at least 15 requests", "50% for 1s, at least 30 requests"]
BACKGROUND = 0.005
LIMIT = 8
KINDS = {
    "failing": ("failing", "rolled_back"),
    "closing": ("closing", "rolled_back"),
    "good": (f"good {BACKGROUND}", "released"),
}


@dataclass(frozen=True)
class Run:
    """One release. `after` are canary requests that HAProxy finished after the read-back."""

    kind: str
    outcome: str
    reason: str
    canary_requests: int
    attempts: int
    canary_requests_to_decision: int | None
    after: int


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="canary requests until a bad canary is stopped")
    parser.add_argument("--runs", type=int, default=100, help="of each kind")
    parser.add_argument("--rate", type=float, default=100.0, help="requests per second and lane")
    parser.add_argument("--lanes", type=int, default=2)
    options = arguments(parser)
    runs, lost, memory = measure(options.runs, options.rate, options.lanes)
    figures = _figures(runs, lost) | {"desk_rss_mb": memory}
    header = (
        "canary",
        "runs",
        "right end",
        f"within {LIMIT}",
        "p50",
        "p95",
        "max",
        "to decision p50",
    )
    rows = [_row(kind, found) for kind, found in figures["kinds"].items()]
    table(header, rows)
    print(f"lost requests: {lost} (a POST on which the canary closed cannot be sent again)")
    print(
        f"the desk's memory: {memory['begin']} MB at the beginning, {memory['end']} MB at the end"
    )
    for run in runs:
        if run.outcome != KINDS[run.kind][1]:
            print(f"wrong end: {run.kind} was {run.outcome}: {run.reason}")
    write("harm", options, figures, [asdict(run) for run in runs])


def _row(kind: str, found: dict[str, Any]) -> tuple[object, ...]:
    requests = found["canary_requests"]
    within = found.get("stopped_within_limit", "–")
    decision = found.get("canary_requests_to_decision", {}).get("p50", "–")
    ends = (found["runs"], found["right_end"], within)
    return kind, *ends, requests["p50"], requests["p95"], requests["max"], decision


def _figures(runs: list[Run], lost: dict[str, int]) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    for kind, (_, right) in KINDS.items():
        of_kind = [run for run in runs if run.kind == kind]
        requests = [run.canary_requests for run in of_kind]
        kinds[kind] = {
            "runs": len(of_kind),
            "right_end": sum(run.outcome == right for run in of_kind),
            "canary_requests": spread(requests, 0),
            "distribution": dict(sorted(Counter(requests).items())),
            "attempts": spread([run.attempts for run in of_kind], 0),
        }
        if right == "rolled_back":
            decided = [run.canary_requests_to_decision or 0 for run in of_kind]
            kinds[kind]["stopped_within_limit"] = sum(number <= LIMIT for number in requests)
            kinds[kind]["canary_requests_to_decision"] = spread(decided, 0)
            kinds[kind]["after_read_back"] = sum(run.after for run in of_kind)
        else:
            kinds[kind].pop("distribution")
    return {
        "target": f"bad: within {LIMIT} canary requests in 95 of 100 runs; good: 100 of 100 released",
        "kinds": kinds,
        "background_error_share": BACKGROUND,
        "lost_requests": lost,
    }


def measure(
    count: int, rate: float, lanes: int
) -> tuple[list[Run], dict[str, int], dict[str, float]]:
    """All runs of all kinds, how many requests were lost with each, and the desk's memory."""
    runs: list[Run] = []

    def told(run: Run) -> None:
        runs.append(run)
        progress(
            f"{len(runs)}/{count * len(KINDS)}: {run.kind} {run.outcome}, {run.canary_requests}"
        )

    shares = [count // lanes + (lane < count % lanes) for lane in range(lanes)]
    with desk() as opened, ThreadPoolExecutor(lanes) as pool:
        work = [
            pool.submit(_lane, opened, number, share, rate, told)
            for number, share in enumerate(shares)
            if share
        ]
        memory = {"begin": opened.rss_mb()}
        lost = sum((done.result() for done in work), Counter[str]())
        memory["end"] = opened.rss_mb()
    return runs, {kind: lost[kind] for kind in KINDS}, memory


def _lane(
    opened: Desk, number: int, count: int, rate: float, told: Callable[[Run], None]
) -> Counter[str]:
    service = Service(opened.home, f"lane{number}", STEPS)
    service.register(opened)
    first = opened.release(service.name, service.version(f"good {BACKGROUND}"))
    opened.follow(first, 60)
    lost: Counter[str] = Counter()
    for position, kind in enumerate(KINDS):
        seed = 1 + number * len(KINDS) + position
        with customers(opened.home, service.url, rate, seed=seed, posts=0.2) as came:
            for _ in range(count):
                told(_one(opened, service, kind))
            lost[kind] += came.stop()["lost"]
    return lost


def _one(opened: Desk, service: Service, kind: str) -> Run:
    version = service.version(KINDS[kind][0])
    with service.watch_router() as log:
        release = opened.release(service.name, version)
        try:
            ended = opened.follow(release, 120)
        except RuntimeError as waiting:
            ended = {"stage": "needs_person", "reason": str(waiting)}
        events = opened.events(release)
    port = next(e["data"]["port"] for e in events if e["action"] == "desk:slot:occupied")
    confirmed = [event["data"]["at"] for event in events if event["action"] == OUT_OF_ROTATION]
    drawn = log.drawn_for(f"127.0.0.1:{port}")
    return Run(
        kind=kind,
        outcome=ended["stage"],
        reason=ended["reason"],
        canary_requests=len(drawn),
        attempts=len(service.answers(version)),
        canary_requests_to_decision=opened.figures(release)["canary_requests_to_decision"],
        after=sum(at > unix_time(confirmed[0]) for at in drawn) if confirmed else 0,
    )


if __name__ == "__main__":
    main()
