"""How long the API takes when a whole team works with it.

A desk of its own (`gonogo serve`) with services, a history of releases, and a release of every service
that its gates hold, so that everything that is filed is held against them again. Locust's clients are
people with tokens of their own; each thinks between two requests.

    python -m bench.api --clients 50 --seconds 60

With `--database URL` the desk keeps its state there instead of in SQLite.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from bench.desk import ROOT, Desk, desk, free_port
from bench.findings import arguments, progress, spread, table, write

from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.audit import AuditDraft
from gonogo.domain.release import Release, Stage
from gonogo.storage.store import open_store

READS_P95, WRITES_P95 = 50.0, 150.0  # milliseconds, with 50 clients on SQLite

_SPEC = """\
service: {name}
run: serve --port {{port}}
health: /health
smoke: [{{name: answers, get: /}}]
environments: {{production: {{port: {port}}}}}
gates: {{smoke: required, tests: required, freeze: required}}
checklists: {{weekly: {{every: 7d, items: [Keys rotated]}}}}
kpis: {{errors: {{bad: 5xx, limit: 5%}}}}
rollout: {{steps: ["5% for 2m, at least 100 requests"]}}
watch: 1m
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="the API under a team's load")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--history", type=int, default=1000, help="releases that have ended")
    parser.add_argument("--thinks", type=float, nargs=2, default=(0.2, 0.6), metavar="SECONDS")
    parser.add_argument("--database", default="", help="a database URL (default: SQLite)")
    options = arguments(parser)
    if options.database:
        os.environ["GONOGO_DATABASE_URL"] = options.database
    with desk() as opened:
        scene = _scene(opened, options)
        before = psutil.Process(opened.pid).cpu_times()
        found = _load(opened, scene, options)
        after = psutil.Process(opened.pid).cpu_times()
        memory = opened.rss_mb()
    worked = sum(after[:2]) - sum(before[:2])
    figures = _figures(found, options.seconds)
    figures |= {
        "desk_processor_ms_per_request": round(worked * 1000 / figures["requests"], 2),
        "desk_memory_mb": memory,
    }
    figures |= {"target": {"reads": READS_P95, "writes": WRITES_P95}}
    rows = [(name, *each.values()) for name, each in figures["milliseconds"].items()]
    table(["ms", "n", "min", "p50", "p95", "p99", "max"], rows)
    cost = figures["desk_processor_ms_per_request"]
    print(
        f"\n{figures['requests_per_second']} requests/s, {found['failures']} failed;"
        f" {cost} ms of processor time each"
    )
    for failure in found["failed"]:
        print(f"  {failure}")
    write("api", options, figures)


def _scene(opened: Desk, options: argparse.Namespace) -> dict[str, Any]:
    """Services, releases that are held, a history, and people with tokens."""
    progress("the scene")
    repository = opened.home / "repository"
    commit = _repository(repository)
    names = [f"service-{number:03}" for number in range(options.services)]
    client = opened.client
    held = []
    for name in names:
        spec = _SPEC.format(name=name, port=free_port())
        client.post("/services", {"spec": spec, "repository": str(repository)})
        held.append(opened.release(name, "v1"))
    ended = asyncio.run(_history(opened, held[0], options.history))
    tokens = []
    for number in range(options.clients):
        client.post("/people", {"name": f"person {number}", "roles": ["devops"]})
        tokens.append(client.post(f"/people/person%20{number}/tokens", {})["secret"])
    return {
        "tokens": tokens,
        "services": names,
        "releases": held + ended[:200],
        "commit": commit,
        "at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds"),
        "thinks": options.thinks,
    }


async def _history(opened: Desk, like: str, count: int) -> list[str]:
    """Releases that have ended, each with what was written down of it, beside the running desk."""
    url = os.environ.get("GONOGO_DATABASE_URL") or f"sqlite:///{opened.home / 'desk.sqlite3'}"
    store = open_store(url, SystemClock())
    model = await store.release(like)
    assert model is not None
    ids = []
    for number in range(count):
        release = _ended(model, number)
        await store.open(release, AuditDraft("bench", "person:release:start", release.id), ())
        ids.append(release.id)
    await store.close()
    return ids


def _ended(model: Release, number: int) -> Release:
    at = model.created_at - timedelta(days=1)
    return replace(
        model,
        id=f"past{number:06}",
        stage=Stage.RELEASED,
        created_at=at,
        stage_since=at,
        revision=9,
    )


def _repository(place: Path) -> str:
    place.mkdir()
    (place / "README").write_text("a service\n")
    given = {"GIT_AUTHOR_NAME": "bench", "GIT_COMMITTER_NAME": "bench"}
    given |= {"GIT_AUTHOR_EMAIL": "bench@example.invalid"}
    given |= {"GIT_COMMITTER_EMAIL": "bench@example.invalid", "GIT_CONFIG_NOSYSTEM": "1"}
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1"]):
        _git(place, words, given)
    return _git(place, ["rev-parse", "HEAD"], given)


def _git(place: Path, words: list[str], given: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["git", "-C", str(place), *words],
        env={**os.environ, **given, "HOME": str(place)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def _load(opened: Desk, scene: Mapping[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Let the clients work; what each of their requests took."""
    progress(f"{options.clients} clients for {options.seconds} s")
    url = opened.client.url
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "scene.json"), Path(folder, "found.json")
        given.write_text(json.dumps(scene))
        subprocess.run(
            [
                *(sys.executable, "-m", "locust", "-f", str(ROOT / "bench" / "api_clients.py")),
                *("--headless", "--only-summary", f"--host={url}", "-u", str(options.clients)),
                *("-r", str(options.clients), "-t", f"{options.seconds}s", "-s", "5"),
            ],
            env={**os.environ, "BENCH_API_SCENE": str(given), "BENCH_API_FOUND": str(found)},
            check=False,  # it fails when a request failed; those are told
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=options.seconds + 60,
        )
        result: dict[str, Any] = json.loads(found.read_text())
        return result


def _figures(found: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    took: Mapping[str, list[float]] = found["milliseconds"]
    groups = {
        f"all {kind}s": [each for name, values in took.items() if kind in name for each in values]
        for kind in ("read", "write")
    }
    shown = {name: spread(values) for name, values in (groups | dict(sorted(took.items()))).items()}
    count = sum(len(values) for values in took.values())
    return {
        "requests": count,
        "requests_per_second": round(count / seconds, 1),
        "failures": found["failures"],
        "milliseconds": shown,
    }


if __name__ == "__main__":
    main()
