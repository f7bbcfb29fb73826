"""Numbers into a table and into bench/results, with the machine and the command that made them."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.adapters.haproxy.process import binary

FOLDER = Path(__file__).with_name("results")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    position = max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)
    return ordered[position]


def spread(values: Sequence[float], digits: int = 1) -> dict[str, float]:
    """Median, high percentiles and both ends."""
    return {
        "n": len(values),
        "min": round(min(values), digits),
        "p50": round(percentile(values, 0.50), digits),
        "p95": round(percentile(values, 0.95), digits),
        "p99": round(percentile(values, 0.99), digits),
        "max": round(max(values), digits),
    }


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns."""
    texts = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(header))]
    for number, row in enumerate(texts):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options with `--out`, where the results go."""
    parser.add_argument("--out", type=Path, help="file for the results (bench/results/NAME.json)")
    return parser.parse_args()


def write(
    name: str, options: argparse.Namespace, figures: dict[str, Any], runs: Sequence[object] = ()
) -> None:
    """Write what was found. `runs` are the single measurements behind the figures."""
    given = {key: value for key, value in vars(options).items() if key != "out"}
    words = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in given.items())
    result = {
        "bench": name,
        "command": f"python -m bench.{name} {words}".strip(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": figures,
        "runs": list(runs),
    }
    path = options.out or FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\nwritten: {path}")


def machine() -> dict[str, Any]:
    """What a reader must know of the machine to read the numbers."""
    said = subprocess.run([binary(), "-v"], capture_output=True, text=True, check=True).stdout
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_1_5_15_min": [round(load, 1) for load in os.getloadavg()],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "haproxy": said.split()[2],
    }


def progress(text: str) -> None:
    """One line to whoever waits, on standard error."""
    print(text, file=sys.stderr, flush=True)
