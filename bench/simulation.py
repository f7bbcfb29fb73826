"""Simulated rollouts with faults: rules that broke, and how many a second one core plays.

A rollout is a release that came to its canary steps, went through them or was ended there by a fault
or a person. Releases that were refused or given up before count as releases only. Seconds are those of
the processor, and a fixed piece of work beside the runs says how fast it was meanwhile: on a machine
with other work on it a second is worth less.
"""

import argparse
import gc
import time

from bench import findings
from tests.simulation.run import simulate
from tests.simulation.series import Series

_EVERY = 25
"""Runs between two looks at the processor's speed."""


def pace() -> float:
    """Seconds of processor for the same small piece of work."""
    began = time.process_time()
    kept = {}
    for number in range(40_000):
        kept[number & 255] = (number, str(number))
    return time.process_time() - began


def play(first: int, rollouts: int, minutes: float) -> tuple[Series, float, list[float]]:
    """Runs from a seed on, until there were so many rollouts or the time is over.

    Returns them with the seconds of processor that they took, and the paces between them.
    """
    series, paces, spent = Series(), [pace()], 0.0
    ends = time.monotonic() + minutes * 60
    seed = first
    while series.rollouts < rollouts and time.monotonic() < ends:
        began = time.process_time()
        outcome = simulate(seed)
        spent += time.process_time() - began
        series.add(outcome)
        seed += 1
        if outcome.broken:
            print(f"seed {outcome.seed}:", *outcome.broken, sep="\n    ", flush=True)
        if series.runs % _EVERY == 0:
            paces.append(pace())
    return series, spent, paces


def main() -> None:
    """Print and write what was found."""
    parser = argparse.ArgumentParser(prog="bench.simulation", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1_000_000, help="the first seed")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long")
    options = findings.arguments(parser)
    simulate(options.first - 1)  # what is built once is built before
    gc.freeze()  # and not looked through again with what each run leaves
    series, spent, paces = play(options.first, options.rollouts, options.minutes)
    figures = {
        "runs": series.runs,
        "releases": series.releases,
        "rollouts": series.rollouts,
        "broken_invariants": series.broken,
        "failing_seeds": series.failing,
        "processor_seconds": round(spent, 1),
        "rollouts_per_second_per_core": round(series.rollouts / spent, 1),
        "releases_per_second_per_core": round(series.releases / spent, 1),
        "runs_per_second_per_core": round(series.runs / spent, 1),
        "virtual_hours": round(series.virtual_seconds / 3600, 1),
        "calls_of_ports": series.calls,
        "ends": dict(series.ends.most_common()),
        "ways": dict(series.ways.most_common()),
        "pace_milliseconds": findings.spread([each * 1000 for each in paces], 2),
    }
    findings.table(
        ("runs", "releases", "rollouts", "broken", "processor s", "rollouts/s", "releases/s"),
        [
            (
                series.runs,
                series.releases,
                series.rollouts,
                series.broken,
                figures["processor_seconds"],
                figures["rollouts_per_second_per_core"],
                figures["releases_per_second_per_core"],
            )
        ],
    )
    findings.write("simulation", options, figures)


if __name__ == "__main__":
    main()
