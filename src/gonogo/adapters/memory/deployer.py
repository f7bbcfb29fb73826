"""Instances without processes, for controllers in virtual time.

It is the world, not the desk: keep one object while desks come and go.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.ground import ADOPTED
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a version does once it is started.

    It becomes healthy after `healthy_after`, never when that is None. It ends with `exit_code` after
    `exits_after`, unless that is None. With `refuses` it cannot be started at all. `stops_in` is how
    long it takes to end when asked; a longer one than the grace is killed.
    """

    healthy_after: timedelta | None = timedelta()
    exits_after: timedelta | None = None
    exit_code: int | None = 1
    refuses: str | None = None
    stops_in: timedelta = timedelta()
    output: str = ""


@dataclass(frozen=True, slots=True)
class _Running:
    instance: Instance
    behaviour: Behaviour
    pid: int
    since: float
    ended_with: int | None = None
    ended: bool = False


class MemoryDeployer:
    """The twin of every deployer. `starts` holds the id of every process that was really started.

    `outside` says of addresses at which something runs that nobody here started whether it is healthy.
    """

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self.starts: list[str] = []
        self.outside: dict[str, bool] = {}
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._behaviours: dict[str, Behaviour] = {}
        self._found: dict[str, _Running] = {}
        self._fences: dict[str, int] = {}

    def behave(self, version: str, behaviour: Behaviour) -> None:
        """What this version does when it is started from now on."""
        self._behaviours[version] = behaviour

    def change(self, instance: str, behaviour: Behaviour) -> None:
        """What a running instance does from now on."""
        self._found[instance] = replace(self._found[instance], behaviour=behaviour)

    def kill(self, instance: str, exit_code: int | None = -9) -> None:
        """Let a running instance die."""
        self._found[instance] = replace(self._found[instance], ended=True, ended_with=exit_code)

    def running(self) -> tuple[Instance, ...]:
        """What runs now, by id."""
        return tuple(self._found[key].instance for key in sorted(self._found) if self._lives(key))

    def refuses(self, identity: str, fence: int | None) -> bool:
        """Whether an act with this fence comes too late for this instance."""
        return fence is not None and fence < self._fences.get(identity, 0)

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that it runs. Raises ActionFailed for a version that refuses or a port that is taken."""
        if instance.ground == ADOPTED:
            self._require_outside(instance)
            return
        self._raise_fence(instance.id, fence)
        if self._lives(instance.id):
            return
        behaviour = self._behaviours.get(instance.version, Behaviour())
        named = f"{instance.service} {instance.version} in {instance.environment}"
        if behaviour.refuses is not None:
            raise ActionFailed(f"cannot start {named}: {behaviour.refuses}")
        if self._has_port(instance.port):
            raise ActionFailed(f"cannot start {named}: port {instance.port} is taken")
        self.starts.append(instance.id)
        pid = 1000 + len(self.starts)
        self._found[instance.id] = _Running(instance, behaviour, pid, self._now())

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true now."""
        if instance.ground == ADOPTED:
            return self._outside(instance, probe=probe)
        found = self._found.get(instance.id)
        if found is None:
            return InstanceStatus(InstanceState.ABSENT)
        output = found.behaviour.output
        if not self._lives(instance.id):
            code = found.ended_with if found.ended else found.behaviour.exit_code
            return InstanceStatus(
                InstanceState.EXITED, exit_code=code, log_tail=output, detail="it has ended"
            )
        after = found.behaviour.healthy_after
        healthy = after is not None and self._age(found) >= after.total_seconds()
        return InstanceStatus(
            InstanceState.RUNNING,
            healthy=probe and healthy,
            pid=found.pid,
            log_tail=output,
            detail="" if healthy or not probe else "it does not answer yet",
        )

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that nothing of it runs, after the time it takes to end."""
        self._raise_fence(identity, fence)
        found = self._found.get(identity)
        ran = found is not None and self._lives(identity)
        if found is not None and ran:
            await asyncio.sleep(min(found.behaviour.stops_in.total_seconds(), grace_seconds))
        self._found.pop(identity, None)
        if fence is None:
            self._fences.pop(identity, None)
        return ran

    def _require_outside(self, instance: Instance) -> None:
        if not self.outside.get(instance.address):
            raise ActionFailed(
                f"{instance.version} was adopted at {instance.address}; gonogo cannot start it"
                f" (nothing listens on {instance.address})"
            )

    def _outside(self, instance: Instance, *, probe: bool) -> InstanceStatus:
        healthy = self.outside.get(instance.address)
        if healthy is None:
            said = f"nothing listens on {instance.address}"
            return InstanceStatus(InstanceState.EXITED, detail=said)
        return InstanceStatus(
            InstanceState.RUNNING,
            healthy=probe and healthy,
            detail="" if healthy or not probe else "it answered 503",
        )

    async def knows(self, identity: str) -> bool:
        """Whether it was started and not stopped since."""
        return identity in self._found

    async def resident_bytes(self, identity: str) -> int | None:
        """It takes no memory worth telling."""
        del identity
        return None

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything that was started and not stopped, by id."""
        return tuple(self._known(self._found[key]) for key in sorted(self._found))

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Stop everything; what there was."""
        found = await self.instances()
        for known in found:
            await self.stop(known.id, grace_seconds)
        return found

    def _known(self, found: _Running) -> KnownInstance:
        running = self._lives(found.instance.id)
        return KnownInstance.of(found.instance, pid=found.pid, running=running)

    def _raise_fence(self, identity: str, fence: int | None) -> None:
        if self.refuses(identity, fence):
            raise Unavailable(
                f"{identity} was acted on after picture {self._fences[identity]} of the rows already,"
                f" so nothing is done after picture {fence}"
            )
        if fence is not None:
            self._fences[identity] = fence

    def _has_port(self, port: int) -> bool:
        having = (key for key, each in self._found.items() if each.instance.port == port)
        return any(self._lives(key) for key in having)

    def _lives(self, instance: str) -> bool:
        found = self._found.get(instance)
        if found is None or found.ended:
            return False
        after = found.behaviour.exits_after
        return after is None or self._age(found) < after.total_seconds()

    def _age(self, found: _Running) -> float:
        return self._now() - found.since
