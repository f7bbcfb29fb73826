"""The clients of `bench.api`, run by Locust: each is a person with a token who reads, and at times writes.

The scene comes as JSON in the file that BENCH_API_SCENE names; what was measured goes into the one that
BENCH_API_FOUND names, as milliseconds by what was asked.
"""

import itertools
import json
import os
import random
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, events, task

SCENE: dict[str, Any] = json.loads(Path(os.environ["BENCH_API_SCENE"]).read_text())
FOUND: dict[str, list[float]] = {}
FAILED: list[str] = []
_JUNIT = (
    '<testsuites><testsuite name="s" tests="1" timestamp="{at}">'
    '<testcase classname="c" name="{name}"/></testsuite></testsuites>'
)
_persons = itertools.count()


@events.request.add_listener
def remember(
    name: str, response_time: float, exception: BaseException | None = None, **_: object
) -> None:
    """One answer."""
    FOUND.setdefault(name, []).append(response_time)
    if exception is not None:
        FAILED.append(f"{name}: {exception}")


@events.quitting.add_listener
def write(**_: object) -> None:
    """All answers."""
    found = {"milliseconds": FOUND, "failed": FAILED[:20], "failures": len(FAILED)}
    Path(os.environ["BENCH_API_FOUND"]).write_text(json.dumps(found))


class Person(FastHttpUser):
    """Somebody of the team."""

    wait_time = between(*SCENE["thinks"])

    def on_start(self) -> None:
        """Take a token that no other client has, so that nobody is limited for another."""
        number = next(_persons)
        self.headers = {"Authorization": f"Bearer {SCENE['tokens'][number % len(SCENE['tokens'])]}"}
        self.random = random.Random(number)
        self.etag = ""
        self.count = 0
        self.number = number

    def look(self, path: str, name: str, **headers: str) -> Any:  # noqa: ANN401 - Locust says no more
        """Read something."""
        found = {**self.headers, **headers}
        return self.client.get(f"/api/v1{path}", headers=found, name=f"read {name}")

    def tell(self, path: str, name: str, **body: object) -> None:
        """Write something."""
        self.count += 1
        headers = {**self.headers, "Idempotency-Key": f"{self.number}-{self.count}"}
        self.client.post(f"/api/v1{path}", headers=headers, name=f"write {name}", **body)

    @property
    def service(self) -> str:
        """One of the services."""
        return str(self.random.choice(SCENE["services"]))

    @task(6)
    def releases(self) -> None:
        """The newest releases."""
        self.look("/releases?limit=20", "releases")

    @task(8)
    def release(self) -> None:
        """One release."""
        self.look(f"/releases/{self.random.choice(SCENE['releases'])}", "a release")

    @task(4)
    def same_release(self) -> None:
        """The release of one's own service, again and again."""
        headers = {"If-None-Match": self.etag} if self.etag else {}
        name = SCENE["services"][self.number % len(SCENE["services"])]
        answer = self.look(f"/releases/{name}", "a release again", **headers)
        self.etag = answer.headers.get("etag", "")

    @task(4)
    def services(self) -> None:
        """The board."""
        self.look("/services", "services")

    @task(3)
    def audit(self) -> None:
        """The newest audit entries."""
        self.look("/audit?limit=50", "audit")

    @task(2)
    def papers(self) -> None:
        """What was filed about a service."""
        self.look(f"/services/{self.service}/papers?limit=20", "papers")

    @task(2)
    def events(self) -> None:
        """What happened to a release."""
        self.look(f"/releases/{self.random.choice(SCENE['releases'])}/events", "events")

    @task(1)
    def people(self) -> None:
        """Everybody."""
        self.look("/people", "people")

    @task(2)
    def freeze(self) -> None:
        """Hold a service's releases, for a while."""
        body = {"on": True, "reason": "the bench says so", "until": "1h"}
        self.tell(f"/services/{self.service}/freeze", "freeze", json=body)

    @task(2)
    def tick(self) -> None:
        """A line of a checklist."""
        body = {"checklist": "weekly", "item": "Keys rotated"}
        self.tell(f"/services/{self.service}/ticks", "tick", json=body)

    @task(1)
    def report(self) -> None:
        """A test report of a commit."""
        name = f"{self.number}-{self.count}"
        path = f"/services/{self.service}/evidence?name={name}.xml&commit={SCENE['commit']}"
        report = _JUNIT.format(at=SCENE["at"], name=name).encode()
        self.tell(path, "evidence", data=report)
