"""What it costs to read a test report of a million cases, beside a bare parse of the same file.

The report is what pytest writes, the dearest kind: its cases are told apart by name, because one that
was run again is written twice. Bare is the least that any streaming reader pays: expat with handlers
that do nothing, and ElementTree's iterparse with every element cleared. The reader runs as a user
meets it, through `read_report`: the format is recognised and the digest taken as well.

Every run is a process of its own. Time is the processor's, the kinds take turns, and ratios are
between medians. Memory is how far the process's peak rises above what it was before it opened the
file, with the modules loaded.

    python -m bench.junit --cases 1000000 --runs 5
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ParserCreate

import numpy as np  # the reader loads it, and the judge has it loaded in every desk
from bench.findings import arguments, percentile, progress, table, write

from gonogo.evidence.formats import read_report

SEED = 20260411
BLOCK = 256 * 1024
MIB = 1024 * 1024


def main() -> None:
    """Measure and write."""
    if len(sys.argv) == 4 and sys.argv[1] == "--one":
        print(json.dumps(_one(sys.argv[2], Path(sys.argv[3]))))
        return
    parser = argparse.ArgumentParser(description="a test report of a million cases")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each kind")
    options = arguments(parser)
    with tempfile.TemporaryDirectory(prefix="gg-") as folder:
        path = Path(folder) / "report.xml"
        _generate(path, options.cases)
        size = path.stat().st_size
        runs = [_run(kind, path) for _ in range(options.runs) for kind in KINDS]
    figures = _figures(runs, size, options.cases)
    rows = [(kind, *figures[kind].values()) for kind in KINDS]
    table(("kind", *figures["expat"]), rows)
    write("junit", options, figures, runs)


def _figures(runs: list[dict[str, Any]], size: int, cases: int) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "targets": "at most 2 × the bare streaming parse, and 64 MiB of memory above baseline",
        "megabytes": round(size / 1e6, 1),
    }
    median = {
        kind: percentile([run["seconds"] for run in runs if run["kind"] == kind], 0.5)
        for kind in KINDS
    }
    for kind in KINDS:
        memory = [run["memory_mib"] for run in runs if run["kind"] == kind]
        figures[kind] = {
            "seconds": round(median[kind], 3),
            "of_expat": round(median[kind] / median["expat"], 2),
            "of_iterparse": round(median[kind] / median["iterparse"], 2),
            "microseconds_per_case": round(median[kind] / cases * 1e6, 2),
            "memory_mib_max": max(memory),
        }
    return figures


def _run(kind: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.junit", "--one", kind, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
    found: dict[str, Any] = json.loads(said)
    progress(f"{kind}: {found['seconds']:.2f} s, {found['memory_mib']} MiB")
    return found


def _one(kind: str, path: Path) -> dict[str, Any]:
    np.zeros(1).sort()
    before = _peak()
    begun = time.process_time()
    cases = KINDS[kind](path)
    seconds = time.process_time() - begun
    memory = round((_peak() - before) / MIB, 1)
    return {"kind": kind, "seconds": round(seconds, 3), "memory_mib": memory, "cases": cases}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _expat(path: Path) -> None:
    parser = ParserCreate()
    parser.StartElementHandler = lambda _tag, _attributes: None
    parser.EndElementHandler = lambda _tag: None
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            parser.Parse(block, False)
        parser.Parse(b"", True)


def _iterparse(path: Path) -> None:
    for _, element in ElementTree.iterparse(path):
        element.clear()


def _reader(path: Path) -> int:
    with path.open("rb") as file:
        (evidence,) = read_report(file, path.name)
    return evidence.facts.total  # type: ignore[union-attr]


KINDS: dict[str, Callable[[Path], int | None]] = {
    "expat": _expat,
    "iterparse": _iterparse,
    "reader": _reader,
}


def _generate(path: Path, cases: int) -> None:
    """A report as pytest writes it: 2 % skipped, 0.1 % failed, and 0.1 % that were run twice."""
    rng = random.Random(SEED)
    kinds = rng.choices(("", "skip", "fail", "again"), (0.978, 0.02, 0.001, 0.001), k=cases)
    counts = f'errors="0" failures="{kinds.count("fail")}" skipped="{kinds.count("skip")}"'
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">')
        file.write(f'<testsuite name="pytest" {counts} tests="{cases}" time="3600.000" ')
        file.write('timestamp="2026-04-11T10:00:00.000000+00:00" hostname="runner">')
        for number, kind in enumerate(kinds):
            where = f"tests.area_{number // 5000}.test_part_{number // 50}.TestThing"
            case = f'<testcase classname="{where}" name="test_case[{number}-{rng.random():.6f}]"'
            case += f' time="{rng.expovariate(50):.3f}"'
            file.write({"again": f"{case} />"}.get(kind, "") + f"{case}{_INSIDE.get(kind, ' />')}")
        file.write("</testsuite></testsuites>")


_INSIDE = {
    "skip": '><skipped type="pytest.skip" message="later">test_part.py:12: later</skipped></testcase>',
    "fail": '><failure message="assert 1 == 2">'
    + "E   assert 1 == 2\n" * 20
    + "</failure></testcase>",
}


if __name__ == "__main__":
    main()
