"""Run many seeds: `python -m tests.simulation [N] [--seed SEED] [--trace]`."""

import argparse
import logging
import sys
import time
from collections import Counter

from tests.simulation.run import simulate


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
    if wanted.seed is not None:
        seeds = range(wanted.seed, wanted.seed + 1)
    else:
        seeds = range(wanted.first, wanted.first + wanted.runs)
    began, failing, ends, calls = time.perf_counter(), 0, Counter[str](), 0
    reached = Counter[str]()
    for seed in seeds:
        outcome = simulate(seed, print if wanted.trace else None)
        ends.update(outcome.stages)
        calls += outcome.calls
        reached.update(outcome.reached)
        if outcome.broken:
            failing += 1
            print(f"seed {seed} ({outcome.kind}, {', '.join(outcome.stages)}):")
            print("".join(f"    {line}\n" for line in outcome.broken), end="", flush=True)
    spent = time.perf_counter() - began
    releases = sum(ends.values())
    told = ", ".join(f"{count} {stage}" for stage, count in ends.most_common())
    print(
        f"{len(seeds)} runs, {releases} releases ({told}), {calls} calls of ports in {spent:.1f} s:"
        f" {releases / spent:.0f} releases a second; {failing} seeds failed"
    )
    print(f"ways: {', '.join(f'{count} {way}' for way, count in reached.most_common())}")
    if wanted.seed is not None:
        print(f"digest {outcome.digest}, {outcome.seconds:.1f} virtual seconds")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
