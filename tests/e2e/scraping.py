"""Scraping the small service where it runs now: for a real Prometheus, and for its twin."""

import contextlib
import json
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.desk import DeskHouse, eventually
from tests.prometheus_twin import Samples, Twin
from tests.servers import free_port

_EVERY = 0.4


def selectors(job: str) -> tuple[str, str]:
    """Of the counters of all its customers' requests, and of those that failed."""
    everything = f'outcomes_total{{job="{job}"}}'
    return everything, f'outcomes_total{{job="{job}",outcome="failed"}}'


def counted_by(url: str, job: str, *, stale: str = "30s") -> Sequence[str]:
    """The lines of a spec whose errors a Prometheus counts."""
    total, bad = selectors(job)
    return (
        "metrics:",
        "  prometheus:",
        f"    url: {url}",
        "    sum: [outcome]",
        "    every: 500ms",
        f"    stale: {stale}",
        f"    counts: {{errors: {{total: '{total}', bad: '{bad}'}}}}",
    )


def addresses(desk: DeskHouse, service: str) -> list[str]:
    """Where its versions answer in production."""
    return sorted(slot["address"] for slot in desk.slots(service).values() if slot.get("address"))


@contextmanager
def again_and_again(work: Callable[[], None]) -> Iterator[None]:
    """Do it in a thread, every now and then, until the end."""
    end = threading.Event()

    def run() -> None:
        while not end.wait(_EVERY):
            with contextlib.suppress(
                OSError, AssertionError
            ):  # the desk or a version comes or goes
                work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(30)


class ScrapingTwin:
    """Lets a twin know what a Prometheus would have scraped."""

    def __init__(self, twin: Twin, desk: DeskHouse, service: str, job: str) -> None:
        self._job = job
        self._twin = twin
        self._desk = desk
        self._service = service
        self._samples: dict[tuple[str, str], Samples] = {}

    def scrape(self) -> None:
        """One sample of every counter of every version that runs."""
        for address in addresses(self._desk, self._service):
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
            now = time.time()
            for line in lines:
                name, _, value = line.rpartition(" ")
                if name.startswith("outcomes_total"):
                    self._of(address, name.partition('"')[2].partition('"')[0]).append(
                        (now, float(value))
                    )

    def _of(self, address: str, outcome: str) -> Samples:
        key = address, outcome
        if key not in self._samples:
            samples: Samples = []
            labels = {"instance": address, "outcome": outcome}
            total, bad = selectors(self._job)
            self._twin.add(total, samples, **labels)
            if outcome == "failed":
                self._twin.add(bad, samples, **labels)
            self._samples[key] = samples
        return self._samples[key]


class Targets:
    """The file in which a real Prometheus finds where the versions of services answer, by job."""

    def __init__(self, file: Path, desk: DeskHouse, services: Mapping[str, str]) -> None:
        self._file = file
        self._desk = desk
        self._services = services
        self.write()

    def write(self) -> None:
        """What runs now; Prometheus watches the file."""
        found = [
            {"targets": addresses(self._desk, service), "labels": {"job": job}}
            for job, service in self._services.items()
        ]
        text = json.dumps(found)
        if not self._file.exists() or self._file.read_text() != text:
            temporary = self._file.with_suffix(".new")
            temporary.write_text(text)
            temporary.replace(self._file)


@contextmanager
def real_prometheus(folder: Path, targets: Path) -> Iterator[str]:
    """A Prometheus that scrapes the targets of a file; its address once it is ready."""
    program = shutil.which("prometheus")
    assert program is not None
    settings = folder / "prometheus.yml"
    settings.write_text(
        "global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
        "scrape_configs:\n"
        "  - job_name: services\n"
        f"    file_sd_configs: [{{files: ['{targets}'], refresh_interval: 1s}}]\n"
    )
    url = f"127.0.0.1:{free_port()}"
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={settings}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={url}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            eventually(lambda: _is_ready(url), "Prometheus")
            yield f"http://{url}"
        finally:
            process.terminate()
            process.wait(30)


def _is_ready(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{url}/-/ready", timeout=5):
        return True
    return False
