"""What becomes of a release when the desk is killed in the middle of it.

Good and bad candidates take turns. In each run the desk gets SIGKILL at an instant drawn at random
from the whole length of such a release, and is started again a moment later. Customers come all the
time. For every run is asked:

* the right end: a good candidate is released, a bad one is rolled back;
* promoted once and only once, or never, by the audit chain;
* after a version was taken back, by the audit chain, it gets no request any more, by the version's
  own account; and at the end only the right version answers;
* no request is lost.

    python -m bench.crash --runs 50 --rate 100 --seed 1
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import httpx2
from bench.desk import Desk, customers, desk
from bench.findings import arguments, progress, spread, table, write
from bench.service import Service, unix_time

from gonogo.domain.errors import GonogoError

STEPS = ["10% for 1s, at least 10 requests", "50% for 1s, at least 30 requests"]
ENDS = {"good": "released", "failing": "rolled_back"}
_ASKED = 20


@dataclass(frozen=True)
class Run:
    """One release whose desk was killed. `faults` is empty when all is as it should be."""

    kind: str
    killed_after: float
    killed_in: str
    last_act: str
    down: float
    back: float
    outcome: str
    seconds: float
    faults: tuple[str, ...] = ()


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="SIGKILL of the desk at random instants")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    options = arguments(parser)
    runs, summary, chain = measure(options.runs, options.rate, options.seed)
    figures: dict[str, Any] = {
        "target": "every run reaches the right end; no second promotion; no traffic on a version"
        " that was taken back; 0 lost requests",
        "runs": len(runs),
        "right_end": sum(run.outcome == ENDS[run.kind] for run in runs),
        "without_fault": sum(not run.faults for run in runs),
        "killed_in": dict(Counter(run.killed_in for run in runs).most_common()),
        "seconds_until_the_desk_answers_again": spread([run.back for run in runs], 2),
        "requests": summary["requests"],
        "lost": summary["lost"],
        "audit_chain_holds": chain["holds"],
        "lost_requests": summary["lost_requests"],
    }
    told = ("runs", "right_end", "without_fault", "requests", "lost", "audit_chain_holds")
    table(("figure", "value"), [(name, figures[name]) for name in told])
    print("killed in: " + ", ".join(f"{k} {n}" for k, n in figures["killed_in"].items()))
    for run in runs:
        for fault in run.faults:
            print(f"fault: {run.kind}, killed in {run.killed_in} after {run.last_act}: {fault}")
    for lost in summary["lost_requests"]:
        print(f"lost: {lost}")
    write("crash", options, figures, [asdict(run) for run in runs])


def measure(count: int, rate: float, seed: int) -> tuple[list[Run], dict[str, Any], dict[str, Any]]:
    """So many crashes; returns the runs, the customers' account and the check of the audit chain."""
    chance = random.Random(seed)
    with desk() as opened:
        service = Service(opened.home, "svc", STEPS)
        service.register(opened)
        opened.follow(opened.release("svc", service.version("good")), 60)
        with customers(opened.home, service.url, rate, posts=0.2, seed=seed) as came:
            lengths = {kind: _length(opened, service, kind) for kind in ENDS}
            progress(f"undisturbed: {lengths}")
            runs: list[Run] = []
            kinds = [kind for _, kind in zip(range(count), _turns(), strict=False)]
            for kind in kinds:
                after = chance.uniform(0, lengths[kind])
                run = _one(opened, service, kind, after, chance.uniform(0.05, 1.0))
                runs.append(run)
                progress(
                    f"{len(runs)}/{count}: {kind} killed in {run.killed_in}: {run.outcome}"
                    + "".join(f"; {fault}" for fault in run.faults)
                )
            summary = came.stop()
        return runs, summary, opened.client.get("/chain")


def _turns() -> Iterator[str]:
    while True:
        yield from ENDS


def _length(opened: Desk, service: Service, kind: str) -> float:
    begun = time.monotonic()
    ended = opened.follow(opened.release("svc", service.version(kind)), 60)
    if ended["stage"] != ENDS[kind]:
        raise RuntimeError(f"a {kind} version is {ended['stage']} without any crash")
    return time.monotonic() - begun


def _one(opened: Desk, service: Service, kind: str, after: float, down: float) -> Run:
    before = _serving(service)
    version = service.version(kind)
    release = opened.release(service.name, version)
    begun = time.monotonic()
    time.sleep(after)
    opened.kill()
    killed_at = time.time()
    time.sleep(down)
    back = opened.start()
    try:
        outcome = opened.follow(release, 90)["stage"]
    except (RuntimeError, TimeoutError, GonogoError) as trouble:
        outcome = str(trouble)
    seconds = time.monotonic() - begun
    events = opened.events(release)
    earlier = [event for event in events if unix_time(event["at"]) <= killed_at]
    stages = [event["data"]["to"] for event in earlier if "to" in event["data"]]
    run = Run(
        kind=kind,
        killed_after=round(after, 3),
        killed_in=stages[-1] if stages else "draft",
        last_act=earlier[-1]["action"],
        down=round(down, 3),
        back=round(back, 3),
        outcome=outcome,
        seconds=round(seconds, 3),
    )
    right = version if kind == "good" else before
    return replace(run, faults=tuple(_faults(run, service, version, events, right)))


def _faults(
    run: Run, service: Service, version: str, events: list[dict[str, Any]], right: str
) -> Iterator[str]:
    if run.outcome != ENDS[run.kind]:
        yield f"it is {run.outcome} and not {ENDS[run.kind]}"
    promotions = sum(event["action"] == "desk:release:promoted" for event in events)
    if promotions != (run.kind == "good"):
        yield f"it was promoted {promotions} times"
    answering = {_serving(service) for _ in range(_ASKED)}
    if answering != {right}:
        yield f"customers are answered by {sorted(answering)} and not by {right}"
    if run.kind == "good":
        return
    ways_out = [e["data"]["at"] for e in events if e["action"] == "rollback:traffic:confirmed"]
    if not ways_out:
        yield "nobody wrote down that the router was read back with it out of rotation"
        return
    late = [answer for answer in service.answers(version) if answer.at > unix_time(ways_out[0])]
    if late:
        yield f"it got {len(late)} requests after it had been taken back"


def _serving(service: Service) -> str:
    answer = httpx2.get(f"{service.url}/smoke", trust_env=False)
    return str(answer.headers["X-Service-Version"])


if __name__ == "__main__":
    main()
