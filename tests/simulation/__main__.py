"""Run many seeds: `python -m tests.simulation [N] [--seed SEED] [--trace]`."""

import argparse
import logging
import sys

from tests.simulation.run import simulate
from tests.simulation.series import Series


def main() -> int:
    """Returns 1 when a rule was broken."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("runs", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, help="run only this seed")
    parser.add_argument("--first", type=int, default=0, help="the first seed of many")
    parser.add_argument("--trace", action="store_true", help="print every call")
    wanted = parser.parse_args()
    if wanted.trace:
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    first, count = (wanted.first, wanted.runs) if wanted.seed is None else (wanted.seed, 1)
    series = Series()
    for seed in range(first, first + count):
        outcome = simulate(seed, print if wanted.trace else None)
        series.add(outcome)
        if outcome.broken:
            print(f"seed {seed} ({outcome.kind}, {', '.join(outcome.stages)}):")
            print("".join(f"    {line}\n" for line in outcome.broken), end="", flush=True)
    print(series.told())
    if wanted.seed is not None:
        print(f"digest {outcome.digest}, {outcome.seconds:.1f} virtual seconds")
    return 1 if series.failing else 0


if __name__ == "__main__":
    sys.exit(main())
