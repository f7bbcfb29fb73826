"""What single pieces of work cost a desk: a report, a look at a process, a hostile sentence, a first spec.

Tests hold that these grow about as their input does; how long they take is measured here. Processor time of
one thread is counted, so that a busy machine blurs it less. Each size takes its turn in every run, and the
growth is the median of what four times as much took over the median of one time as much.

    python -m bench.costs --runs 5
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.findings import arguments, progress, spread, table, write
from tests.language.test_sentences import HOSTILE, RUSSIAN
from tests.servers import free_port
from tests.web.conftest import good_story

from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.memory.tree import MemoryTree
from gonogo.domain.instance import Instance, InstanceState
from gonogo.domain.plan import Health
from gonogo.language.phrases import say
from gonogo.usecases.services.first_spec import first_spec
from gonogo.web.report import render

_LOOKS = 200
Prepare = Callable[[int, int], Callable[[], object]]


@dataclass(frozen=True)
class Piece:
    """Work on an input of `most`, and of a quarter of it; `target` is in milliseconds."""

    name: str
    most: int
    target: float
    prepare: Prepare


def _report(looks: int, _: int) -> Callable[[], object]:
    story = good_story(looks)
    return lambda: render(story)


def _sentences(length: int, run: int) -> Callable[[], object]:
    sentences = [(piece * length)[: length - 1] + str(run % 10) for piece in HOSTILE]
    return lambda: [say(each, RUSSIAN) for each in sentences]


def _first_spec(files: int, _: int) -> Callable[[], object]:
    packages = files // 50
    tree = {f"packages/p{n % packages}/src/f{n}.py": "x = 1\n" for n in range(files)}
    tree |= {f"packages/p{n}/package.json": "{}" for n in range(packages)}
    tree["main.py"] = "app = FastAPI()\n"
    return lambda: first_spec(MemoryTree(tree), called="the repository")


PIECES = (
    Piece("a report of 2,000 looks", 2000, 2000, _report),
    Piece(
        f"{len(HOSTILE)} hostile sentences of 2,000 letters", 2000, 50 * len(HOSTILE), _sentences
    ),
    Piece("a first spec from 100,000 files", 100_000, 8000, _first_spec),
)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="what single pieces of work cost")
    parser.add_argument("--runs", type=int, default=5)
    options = arguments(parser)
    figures: dict[str, Any] = {}
    for piece in PIECES:
        figures[piece.name] = _measured(piece, options.runs)
        progress(piece.name)
    figures["a look at a process, without asking it"] = asyncio.run(_look(options.runs))
    rows = [
        (name, each["ms"]["p50"], each["target, ms"], each.get("growth", ""))
        for name, each in figures.items()
    ]
    table(("work", "ms (median)", "target, ms", "growth for four times as much"), rows)
    write("costs", options, figures)


def _measured(piece: Piece, runs: int) -> dict[str, Any]:
    taken: dict[int, list[float]] = {piece.most // 4: [], piece.most: []}
    piece.prepare(piece.most // 4, runs)()  # what is made once, is made here
    for run in range(runs):
        for size, times in taken.items():
            work = piece.prepare(size, run)
            begun = time.thread_time()
            work()
            times.append(1000 * (time.thread_time() - begun))
    few, many = (spread(times, 2) for times in taken.values())
    growth = round(many["p50"] / few["p50"], 2)
    return {"ms": many, "target, ms": piece.target, "ms for a quarter": few, "growth": growth}


async def _look(runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gg-") as name:
        folder = Path(name)
        deployer = ProcessDeployer(folder / "instances", lambda service, commit: folder)
        instance = Instance(
            *("bench", "orders", "production", "v1", "c" * 40, free_port(), "exec sleep 600"),
            Health("/health"),
        )
        await deployer.start(instance)
        try:
            times = [await _looked(deployer, instance) for _ in range(runs)]
        finally:
            await deployer.stop_all(grace_seconds=1)
    return {"ms": spread(times, 3), "target, ms": 5.0}


async def _looked(deployer: ProcessDeployer, instance: Instance) -> float:
    begun = time.process_time()
    for _ in range(_LOOKS):
        status = await deployer.status(instance, probe=False)
        assert status.state is InstanceState.RUNNING
    return 1000 * (time.process_time() - begun) / _LOOKS


if __name__ == "__main__":
    main()
