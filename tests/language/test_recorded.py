"""Nothing that a desk records in its life is shown in English to whoever reads another language."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.language.recorded import OTHERS, Sentence, without_form
from tests.simulation import run as simulation

from gonogo.adapters.haproxy.checkup import HaproxyCheckup
from gonogo.adapters.host_checkup import HostCheckup
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.health import Finding
from gonogo.language.phrases import say
from gonogo.storage.store import open_store

ROOT = Path(__file__).parents[2]
SEEDS = (51, 57, 63, 88)
"""Simulated releases that between them reach most stages; many more are looked at where there is time."""

INVENTED = re.compile(
    r"because$|^serves$|test:release:seed|the memory|lines were lost|it does not answer yet|it is broken"
    r"|\w+\.\w+ (?:did not answer|went wrong)|the metric source of \w+ in \w+ did not answer"
)
"""What only the simulation's people and ports say."""


def _simulated(monkeypatch: pytest.MonkeyPatch, seeds: range | tuple[int, ...]) -> list[Sentence]:
    found: dict[Sentence, None] = {}
    look_back = simulation.look_back

    async def look(ground: simulation.Ground) -> None:
        found.update(dict.fromkeys(await without_form(ground.store)))
        await look_back(ground)

    monkeypatch.setattr(simulation, "look_back", look)
    for seed in seeds:
        simulation.simulate(seed)
    return [each for each in found if not INVENTED.search(each[1])]


def test_every_sentence_of_simulated_releases_has_a_form(monkeypatch: pytest.MonkeyPatch):
    assert _simulated(monkeypatch, SEEDS) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_sentence_of_many_simulated_releases_has_a_form(monkeypatch: pytest.MonkeyPatch):
    assert _simulated(monkeypatch, range(200, 320)) == []


async def test_every_finding_about_this_machine_has_a_form(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path / 'desk.sqlite3'}", SystemClock())
    findings: list[Finding] = []
    for checkup in (HostCheckup(tmp_path), HaproxyCheckup(), store.checkup):
        findings += await checkup.look()
    await store.close()
    told = {text for each in findings for text in (each.check, each.detail, each.remedy) if text}
    assert "schema" in told
    missing = [
        text for text in told if " " in text and not all(say(text, to).translated for to in OTHERS)
    ]
    assert missing == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_every_sentence_of_the_demo_has_a_form(tmp_path: Path):
    kept = tmp_path / "kept.sqlite3"
    _play_demo(tmp_path, kept)
    store = open_store(f"sqlite:///{kept}", SystemClock())
    missing = await without_form(store)
    await store.close()
    assert missing == []


def _play_demo(folder: Path, kept: Path) -> None:
    """Run the demo to its end and keep what its desk has stored."""
    command = [sys.executable, "-m", "gonogo", "demo", "--fast", "--stay", "--rate", "60"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(folder)}
    with (folder / "said").open("wb") as said:
        demo = subprocess.Popen(command, cwd=folder, env=environ, stdout=said, stderr=said)
        try:
            deadline = time.monotonic() + 900
            while "Ctrl-C ends it" not in (folder / "said").read_text():
                assert demo.poll() is None, (folder / "said").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.5)
            (file,) = folder.glob("gonogo-demo-*/desk.sqlite3")
            with closing(sqlite3.connect(file)) as lives, closing(sqlite3.connect(kept)) as copy:
                lives.backup(copy)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
