"""A platform in memory whose scripts are played: a workshop's `run`, in whatever time the loop has."""

import asyncio
import json
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gonogo.domain.ground import Script, Scripts
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Health
from gonogo.ports.workshop import Job, JobResult


def scripts(*, weight: bool = False, repeatable: bool = False) -> Scripts:
    """Scripts that a `ScriptedPlatform` plays."""
    return Scripts(
        deploy=Script("deploy {instance} {port} {version}", timedelta(minutes=1)),
        read=Script("read {instance}", timedelta(seconds=5)),
        retire=Script("retire {instance}", timedelta(seconds=30)),
        weight=Script("weight {instance} {share}", timedelta(seconds=30)) if weight else None,
        repeatable=repeatable,
    )


@dataclass
class ScriptedPlatform:
    """What is there by id, and how scripts behave.

    `moods` by script: `hang`, `do-then-hang`, `nothing` (ends with 0 without doing), `fail`,
    `then-fail` (does it, then ends with 1). `takes` is how long a script takes in seconds. `says`
    replaces what `read` prints.
    """

    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    moods: dict[str, str] = field(default_factory=dict)
    takes: dict[str, float] = field(default_factory=dict)
    says: bytes | None = None
    jobs: list[Job] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    base: int = 7000
    host: str = "127.0.0.1"

    def begun(self, script: str) -> list[Job]:
        """Runs of this script so far."""
        return [job for job in self.jobs if job.line.startswith(f"{script} ")]

    async def run(self, job: Job) -> JobResult:
        """See `ports.workshop.Workshop.run`."""
        self.jobs.append(job)
        script, instance, *rest = shlex.split(job.line)
        # A mood may be of one instance alone: "weight one".
        mood = self.moods.get(f"{script} {instance}") or self.moods.get(script, "")
        limit = job.within.total_seconds()
        await asyncio.sleep(min(limit, self.takes.get(script, 0)))
        if mood == "hang":
            await asyncio.sleep(limit)
            return JobResult(None, "still at it", limit, "log")
        if mood == "fail":
            return JobResult(3, "hello\nthe platform is away", 0.0, "log")
        answer = b"" if mood == "nothing" else self._do(script, instance, rest)
        if mood == "do-then-hang":
            await asyncio.sleep(limit)
            return JobResult(None, "", limit, "log", answer)
        code = 1 if mood == "then-fail" else 0
        return JobResult(code, "the connection was lost" if code else "", 0.0, "log", answer)

    async def end_left(self, job: Job) -> None:
        """See `CommandDeployer`."""
        self.left.append(job.name)

    def _do(self, script: str, instance: str, rest: list[str]) -> bytes:
        if script == "deploy":
            port = self.base + len(self.begun("deploy"))
            self.there[instance] = {"state": "running", "healthy": True, "port": port, "share": 0.0}
        elif script == "retire":
            self.there.pop(instance, None)
        elif script == "weight":
            self.there[instance]["share"] = float(rest[0])
        elif self.says is not None:
            return self.says
        elif instance not in self.there:
            return b'{"state": "absent"}\n'
        else:
            found = dict(self.there[instance])
            found["address"] = f"{self.host}:{found.pop('port')}"
            return json.dumps(found).encode()
        return b""


ONE = Instance(
    id="r1.production",
    service="orders",
    environment="production",
    version="v2",
    commit="c" * 40,
    port=8001,
    line="serve",
    health=Health("/health"),
    variables={"REGION": "north"},
    ground=scripts(),
)
"""An instance on such a platform."""

UNREADABLE = b"Traceback (most recent call last)"
"""What a broken read script prints."""
