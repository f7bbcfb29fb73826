"""Who stops a bad version after how many hurt requests, and who stops good ones: same streams for all.

A hundred requests a second. Every request has its place in the split and its luck drawn once; each
policy sends it to the canary when its own weight at that moment says so, so all of them meet the same
customers. Peers are the re-implementations of gonogo.judge.peers. Hurt is every bad answer of the
canary within the first hour: until the stop, or, after a promotion, of the version that everybody has.

Ours goes 5, 25, 50 %, ten minutes each, and looks five times a second, from 25 % on once a second.
"gonogo": errors and slow requests at 1.2 times the baseline. "gonogo, one test": errors alone
against the baseline itself.

    PYTHONPATH=src python bench/judge_peers.py
"""

import json
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gonogo import judge
from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi, SlowerThan
from gonogo.judge.peers import RULES, Outcome, Pair, Rule, peer_rule

SEED = 20260310
RATE = 100
HOUR = 3600
RELEASES, GOOD_RELEASES = 100, 300
OURS_STEPS, OURS_HOLD = ((0.05, 20), (0.25, 100), (0.5, 100)), 600  # (weight, requests in a look)
BASE = 0.005
RESULT = Path(__file__).parent / "results" / "judge_peers.json"
ERRORS = Kpi("errors", BadStatus(((500, 599),)), ratio=1.2)
SLOW = Kpi("slow", SlowerThan(timedelta(milliseconds=500)), ratio=1.2)
OURS = {
    "gonogo": (ERRORS, SLOW),
    "gonogo, one test": (Kpi("errors", ERRORS.bad, ratio=1.0),),
}
Bits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """The canary's share of errors and of slow requests; the baseline has BASE of both."""

    label: str
    errors: float = BASE
    slow: float = BASE


GOOD = Case("good")
BAD = (
    Case("errors ×2", errors=0.01),
    Case("errors ×5", errors=0.025),
    Case("errors ×10", errors=0.05),
    Case("errors ×100", errors=0.5),
    Case("slow ×10", slow=0.05),
)


class Stream:
    """One hour of customers: where each falls in the split, and what either version would answer."""

    def __init__(self, case: Case, seed: int) -> None:
        rng = np.random.default_rng([SEED, seed])
        number = RATE * HOUR
        self.place = rng.random(number, dtype=np.float32)
        errors, slow = rng.random((2, number), dtype=np.float32)
        self.baseline = {"errors": errors < BASE, "slow": slow < BASE}
        self.canary = {"errors": errors < case.errors, "slow": slow < case.slow}
        self.hurt = self.canary["errors"] | self.canary["slow"]

    def hurt_by(self, weight: float, start: int, end: int) -> int:
        """Bad answers of a canary with this weight to the customers from `start` to `end`."""
        return int((self.hurt[start:end] & (self.place[start:end] < weight)).sum())


@dataclass(frozen=True)
class Run:
    """What became of one release: seconds to the stop (None: not stopped) and hurt requests."""

    stopped: float | None
    hurt: int


def run_peer(rule: Rule, stream: Stream) -> Run:
    """A rule on one stream; it sets its own weights."""
    progress, start, hurt = rule.begin(), 0, 0
    span = int(rule.interval * RATE)
    while start < len(stream.place):
        end = min(start + span, len(stream.place))
        hurt += stream.hurt_by(progress.weight, start, end)
        if progress.outcome is Outcome.RUNNING:
            progress = rule.look(progress, _counted(rule, stream, progress.weight, start, end))
        if progress.outcome is Outcome.STOPPED:
            return Run(end / RATE, hurt)
        start = end
    return Run(None, hurt)


def _counted(rule: Rule, stream: Stream, weight: float, start: int, end: int) -> dict[str, Pair]:
    place = stream.place[start:end]
    canary = place < weight
    beside = (place >= weight) & (place < 2 * weight) if rule.equal_arms else ~canary
    return {
        kpi: Pair(
            _count(stream.baseline[kpi][start:end], beside),
            _count(stream.canary[kpi][start:end], canary),
        )
        for kpi in stream.canary
    }


def _count(bad: Bits, arm: Bits) -> Counts:
    return Counts(int((bad & arm).sum()), int(arm.sum()))


def run_ours(kpis: tuple[Kpi, ...], stream: Stream) -> Run:
    """The product's judge on one stream."""
    plan = judge.JudgePlan(kpis)
    memory = judge.begin(plan)
    hurt = 0
    for number, (weight, size) in enumerate(OURS_STEPS):
        start = number * OURS_HOLD * RATE
        looks = _looks(kpis, stream, weight, start, size)
        for look in range(len(looks[kpis[0].name])):
            increments = [
                Increment(name, Counts(row[0], row[1]), Counts(row[2], row[3]))
                for name, rows in looks.items()
                for row in (rows[look],)
            ]
            memory = judge.observe(plan, memory, increments)
            if judge.failed(memory):
                end = start + (look + 1) * size
                return Run(end / RATE, hurt + stream.hurt_by(weight, start, end))
        hurt += stream.hurt_by(weight, start, start + OURS_HOLD * RATE)
        memory = judge.next_step(plan, memory)
    promoted = len(OURS_STEPS) * OURS_HOLD * RATE
    return Run(None, hurt + stream.hurt_by(1.0, promoted, len(stream.place)))


def _looks(
    kpis: tuple[Kpi, ...], stream: Stream, weight: float, start: int, size: int
) -> dict[str, list[list[int]]]:
    """Per KPI the counts of every look of a step: baseline bad, total, canary bad, total."""
    part = slice(start, start + OURS_HOLD * RATE)
    canary = stream.place[part] < weight

    def summed(bits: Bits) -> npt.NDArray[np.int64]:
        return np.asarray(bits.reshape(-1, size).sum(axis=1, dtype=np.int64))

    return {
        kpi.name: np.stack(
            (
                summed(stream.baseline[kpi.name][part] & ~canary),
                summed(~canary),
                summed(stream.canary[kpi.name][part] & canary),
                summed(canary),
            ),
            axis=1,
        ).tolist()
        for kpi in kpis
    }


def measure(case: Case, releases: int) -> dict[str, dict[str, float | int | None]]:
    """Every policy over the same streams."""
    runs: dict[str, list[Run]] = {}
    for seed in range(releases):
        stream = Stream(case, seed)
        for name in RULES:
            rule = peer_rule(name, (ERRORS, SLOW))
            runs.setdefault(name, []).append(run_peer(rule, stream))
        for name, kpis in OURS.items():
            runs.setdefault(name, []).append(run_ours(kpis, stream))
    return {name: _summary(found) for name, found in runs.items()}


def _summary(runs: list[Run]) -> dict[str, float | int | None]:
    stops = [run.stopped for run in runs if run.stopped is not None]
    return {
        "releases": len(runs),
        "stopped_share": round(len(stops) / len(runs), 4),
        "median_seconds_to_stop": round(statistics.median(stops), 1) if stops else None,
        "mean_hurt_requests": round(statistics.fmean(run.hurt for run in runs), 1),
    }


def _times_fewer(found: dict[str, dict[str, float | int | None]]) -> dict[str, dict[str, float]]:
    """How many times the hurt of ours each peer has."""
    return {
        ours: {
            peer: round((found[peer]["mean_hurt_requests"] or 0) / hurt, 1)
            for peer in RULES
            if (hurt := found[ours]["mean_hurt_requests"])
        }
        for ours in OURS
    }


def main() -> None:
    """One table per case, then the file."""
    began = time.monotonic()
    found = {}
    for case in (GOOD, *BAD):
        found[case.label] = measure(case, GOOD_RELEASES if case is GOOD else RELEASES)
        print(f"\n{case.label}  (errors {case.errors:.1%}, slow {case.slow:.1%})")
        print(f"  {'policy':<24}{'stopped':>9}{'seconds':>10}{'hurt':>12}")
        for name, row in found[case.label].items():
            seconds = row["median_seconds_to_stop"]
            shown = "–" if seconds is None else f"{seconds:,.1f}"
            stopped, hurt = row["stopped_share"], row["mean_hurt_requests"]
            print(f"  {name:<24}{stopped:>9.1%}{shown:>10}{hurt:>12,.1f}")
    fewer = {case.label: _times_fewer(found[case.label]) for case in BAD}
    settings = {
        "command": "PYTHONPATH=src python bench/judge_peers.py",
        "seed": SEED,
        "requests_per_second": RATE,
        "horizon_seconds": HOUR,
        "baseline_share": BASE,
        "policies": {name: told for name, (told, _) in RULES.items()},
        "note": "peers are re-implementations from documented semantics",
    }
    if "--dry" not in sys.argv:
        RESULT.parent.mkdir(exist_ok=True)
        result = {"settings": settings, "cases": found, "times_fewer_hurt": fewer}
        RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
