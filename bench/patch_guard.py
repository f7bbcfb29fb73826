"""What the patch guard costs: the whole history of a large repository, measured change by change.

Side by side with git alone, which counts the same range (`git log --first-parent -m --numstat`) and
throws the answer away. Ours is that, read and understood, with the generated files found and every
change held against its limit, in this process: Python's own start is not in it. Runs alternate, so that
what others do on the machine meets both; the ratio is that of two runs beside each other. Processor
time (of git and of this process together) is told too: on a busy machine it is the steadier one.

    python -m bench.patch_guard --commits 10000 --runs 9
"""

import argparse
import asyncio
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.findings import arguments, progress, spread, table, write

from gonogo.adapters.local.history import GitHistory
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate_rules import PatchGuardRule
from gonogo.gates.patch_guard import patch_guard

SEED = 20260401
FOLDERS, FILES, LINES = 60, 2000, 120
WORDS = ("feature", "fix", "hotfix", "docs", "refactor", "perf", "jane")
TARGET = "at most 1.3 times `git log --numstat` of the same range"
FIRST_PARENTS = ("log", "--first-parent", "-m", "--numstat", "-z", "-M")
NAMES = {
    "ours": "ours",
    "git": "git log of the same range",
    "git, every commit": "git log of every commit",
}
EVERY_COMMIT = ("log", "--numstat", "-z", "-M")


class Stream:
    """A made-up past for `git fast-import`: branches of one to six commits, merged, and direct commits."""

    def __init__(self, seed: int, commits: int) -> None:
        self._random = random.Random(seed)
        self._commits = commits
        self._made = 0
        self._files: dict[str, list[str]] = {}
        self._tip = 0

    def pieces(self) -> Iterator[bytes]:
        """The whole stream."""
        yield self._commit(0, 0, "start", [self._new_file(number) for number in range(FILES // 4)])
        self._tip = self._made
        while self._made < self._commits:
            if self._random.random() < 0.2 or self._commits - self._made < 3:
                yield self._commit(self._tip, 0, "fix: direct", self._edits())
            else:
                yield from self._branch(min(6, self._commits - self._made - 1))
            self._tip = self._made

    def _branch(self, most: int) -> Iterator[bytes]:
        name = f"{self._random.choice(WORDS)}/change-{self._made}"
        at, changed = self._tip, set[str]()
        for _ in range(self._random.randint(1, most)):
            edits = self._edits()
            changed.update(edits)
            yield self._commit(at, 0, "feat: part", edits)
            at = self._made
        yield self._commit(self._tip, at, f"Merge branch '{name}'", sorted(changed))

    def _commit(self, parent: int, other: int, subject: str, paths: list[str]) -> bytes:
        self._made += 1
        said = subject.encode()
        parts = [
            b"commit refs/heads/main\nmark :%d\n" % self._made,
            b"committer Jo <jo@example.invalid> %d +0000\n" % (1_700_000_000 + self._made * 60),
            b"data %d\n%s\n" % (len(said), said),
        ]
        parts += [b"from :%d\n" % parent] if parent else []
        parts += [b"merge :%d\n" % other] if other else []
        if not parent:
            attributes = b"**/generated/** linguist-generated\n*.svg binary\n"
            parts.append(b"M 100644 inline .gitattributes\n")
            parts.append(b"data %d\n%s\n" % (len(attributes), attributes))
        for path in paths:
            text = "\n".join(self._files[path]).encode()
            parts.append(f"M 100644 inline {path}\n".encode())
            parts.append(b"data %d\n%s\n" % (len(text), text))
        return b"".join(parts)

    def _edits(self) -> list[str]:
        number = min(12, int(self._random.expovariate(0.4)) + 1)
        chosen = sorted(self._random.sample(sorted(self._files), number))
        for path in chosen:
            self._edit(self._files[path])
        if len(self._files) < FILES and self._random.random() < 0.3:
            chosen.append(self._new_file(len(self._files)))
        return chosen

    def _edit(self, lines: list[str]) -> None:
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(lines))
            lines[at : at + self._random.randint(0, 8)] = [
                self._line() for _ in range(self._random.randint(1, 9))
            ]

    def _new_file(self, number: int) -> str:
        folder = "generated" if number % 40 == 0 else f"part{number % FOLDERS}"
        path = f"src/{folder}/file{number}.py"
        self._files[path] = [self._line() for _ in range(self._random.randint(20, LINES))]
        return path

    def _line(self) -> str:
        return f"    value_{self._random.getrandbits(20)} = call({self._random.getrandbits(30)})"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="the patch guard over a whole history")
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--seed", type=int, default=SEED)
    options = arguments(parser)
    with tempfile.TemporaryDirectory(prefix="gg-") as folder:
        place = Path(folder)
        _make(place, options.seed, options.commits)
        judged, reason = asyncio.run(_guard(place))
        _git(place, EVERY_COMMIT)
        runs = []
        for number in range(options.runs):
            alone, ours, every = (
                _timed(lambda: _git(place, FIRST_PARENTS)),
                _timed(lambda: asyncio.run(_guard(place))),
                _timed(lambda: _git(place, EVERY_COMMIT)),
            )
            runs.append({"git": alone, "ours": ours, "git, every commit": every})
            progress(f"run {number + 1}: {runs[-1]}, ratio {ours['wall'] / alone['wall']:.2f}")
    version = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
    figures = {
        "target": TARGET,
        "git": version.stdout.strip(),
        "changes judged": judged,
        "answer": reason,
    }
    for clock, said in (("wall", "seconds"), ("cpu", "processor seconds")):
        for name, words in NAMES.items():
            figures[f"{words}, {said}"] = spread([run[name][clock] for run in runs], 3)
        for name in ("git", "git, every commit"):
            ratios = [run["ours"][clock] / run[name][clock] for run in runs]
            figures[f"ratio of {said} to {NAMES[name]}"] = spread(ratios, 2)
    table(("figure", "value"), list(figures.items()))
    write("patch_guard", options, figures, runs)


def _make(place: Path, seed: int, commits: int) -> None:
    subprocess.run(["git", "init", "--quiet", "-b", "main", str(place)], check=True)
    command = ["git", "-C", str(place), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        if child.stdin is None:
            raise RuntimeError("git was started without a pipe")
        for piece in Stream(seed, commits).pieces():
            child.stdin.write(piece)
    if child.returncode:
        raise RuntimeError(f"git fast-import ended with {child.returncode}")
    subprocess.run(["git", "-C", str(place), "repack", "-a", "-d", "-q"], check=True)
    progress("the repository is made")


def _git(place: Path, words: tuple[str, ...]) -> None:
    subprocess.run(
        ["git", "-C", str(place), *words, "main"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        check=True,
    )


def _timed(work: Callable[[], object]) -> dict[str, float]:
    before, begun = os.times(), time.perf_counter()
    work()
    wall, after = time.perf_counter() - begun, os.times()
    return {"wall": round(wall, 4), "cpu": round(sum(after[:4]) - sum(before[:4]), 4)}


async def _guard(place: Path) -> tuple[int, str]:
    merges = await GitHistory().merges(str(place), "main")
    dossier = Dossier("orders", "v2", merges[0].commit.id, merges=merges, recent=merges[:10])
    return len(merges), patch_guard(PatchGuardRule(), dossier, datetime.now(UTC)).reason


if __name__ == "__main__":
    main()
