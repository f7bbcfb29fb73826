"""What gonogo costs: the demo's duration, the command line's start, an idle desk's memory and time.

The demo runs in the environment that runs this bench, so installation is not in its duration. The
desk is idle with one service registered and one version of it in production, which it looks after,
and without customers. Memory is the desk's own process; RSS counts shared libraries in full, USS
only what is given back when it ends.

    python -m bench.footprint --demos 1 --helps 15 --idle 30
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from bench.desk import desk, environment
from bench.findings import arguments, progress, spread, table, write
from bench.service import Service

ORDERS = Path(__file__).parents[1] / "examples" / "orders"
STEPS = ["10% for 1s, at least 10 requests"]
TARGETS = {
    "demo": "at most 90 s after installation",
    "demo --fast": "under 40 s",
    "gonogo --help": "median at most 0.4 s",
    "gonogo check": "at most 1 s on orders, warm",
    "idle desk": "at most 120 MB",
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="durations, memory and processor time")
    parser.add_argument("--demos", type=int, default=1, help="of each kind; 0 for none")
    parser.add_argument("--helps", type=int, default=15)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds")
    options = arguments(parser)
    figures: dict[str, Any] = {"targets": TARGETS}
    figures["gonogo --help, seconds"] = spread([_help() for _ in range(options.helps)], 3)
    progress(f"--help: {figures['gonogo --help, seconds']}")
    figures["gonogo check, seconds"] = spread(_checks(options.helps), 3)
    progress(f"check: {figures['gonogo check, seconds']}")
    figures["idle desk"] = _idle(options.idle)
    progress(f"idle desk: {figures['idle desk']}")
    for words in ((), ("--fast",)) if options.demos else ():
        name = " ".join(("demo", *words))
        demos = [_demo(*words) for _ in range(options.demos)]
        figures[f"{name}, seconds"] = spread([found["seconds"] for found in demos])
        figures[f"{name}, ends"] = [found["ends"] for found in demos]
        figures[f"{name}, lost requests"] = sum(found["lost"] for found in demos)
        progress(f"{name}: {demos}")
    table(("figure", "value"), [item for item in figures.items() if item[0] != "targets"])
    write("footprint", options, figures)


def _help() -> float:
    begun = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "gonogo", "--help"],
        env=environment(Path("/nonexistent")),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - begun


def _checks(count: int) -> list[float]:
    """`gonogo check` on the orders example at v1.3.0, with the report of its own tests, after one
    run that does not count."""
    with tempfile.TemporaryDirectory(prefix="gonogo-check-") as folder:
        orders = Path(folder) / "orders"
        subprocess.run(
            [sys.executable, str(ORDERS / "history.py"), str(orders)],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        shutil.copy(ORDERS / "gonogo.yaml", orders)
        (orders / "junit.xml").write_text(_junit(60), encoding="utf-8")
        return [_check(orders) for _ in range(count + 1)][1:]


def _check(orders: Path) -> float:
    words = ("check", "--here", "--evidence", "junit.xml", "--base", "v1.2.1", "--json")
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "gonogo", *words],
        cwd=orders,
        env=environment(Path("/nonexistent")),
        stdout=subprocess.PIPE,
        check=False,
    )
    took = time.monotonic() - begun
    if done.returncode != 0:
        raise RuntimeError(f"gonogo check ended with {done.returncode}: {done.stdout[-500:]!r}")
    return took


def _junit(cases: int) -> str:
    tests = "".join(f'<testcase classname="orders" name="test {n}"/>' for n in range(cases))
    return f'<testsuite name="orders" tests="{cases}">{tests}</testsuite>'


def _idle(seconds: float) -> dict[str, float]:
    with desk() as opened:
        service = Service(opened.home, "svc", STEPS)
        service.register(opened)
        opened.follow(opened.release("svc", service.version("good")), 60)
        process = psutil.Process(opened.pid)
        before = process.cpu_times()
        begun = time.monotonic()
        time.sleep(seconds)
        after, took = process.cpu_times(), time.monotonic() - begun
        used = after.user + after.system - before.user - before.system
        memory = process.memory_full_info()
        router = sum(
            child.memory_info().rss
            for child in psutil.process_iter(["cmdline"])
            if any(str(opened.home / "routers") in word for word in child.info["cmdline"] or ())
        )
        return {
            "rss_mb": round(memory.rss / 1e6, 1),
            "uss_mb": round(memory.uss / 1e6, 1),
            "cpu_percent_of_one_core": round(100 * used / took, 2),
            "haproxy_rss_mb": round(router / 1e6, 1),
        }


def _demo(*words: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gg-") as folder:
        report, answers = Path(folder) / "report.html", Path(folder) / "demo.json"
        command = [sys.executable, "-m", "gonogo", "demo", *words]
        command += ["--report", str(report), "--json", str(answers)]
        begun = time.monotonic()
        subprocess.run(
            command,
            env=environment(Path(folder)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=300,
            check=True,
        )
        took = time.monotonic() - begun
        found = json.loads(answers.read_text())
    ends = {release["version"]: release["outcome"] for release in found["releases"]}
    return {"seconds": round(took, 1), "ends": ends, "lost": found["lost_requests"]}


if __name__ == "__main__":
    main()
