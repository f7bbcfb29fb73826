"""Runs versions as units of systemd, which starts them again when they fail or the machine restarts.

Why it is so: production must not wait for a desk to come back. An instance is a unit of a template
(`texts` says why a template); the desk writes what the unit reads, tells systemd, and reads back.

Guarantees: one unit for each instance id, whatever is killed when: starting and stopping hold a lock,
what a unit reads stands complete before systemd hears of it, and a call that comes after a crash finds
the unit by its name. An instance counts as healthy only by its own answer, and while systemd answers.
Where systemd hangs or fails, an instance is unknown: neither healthy nor dead. Between two looks at
systemd, which tell of all units at once, only the main process itself is looked at.

Assumes: a version that ended is reported as ended for as long as systemd waits to start it again, and
a desk that watches looks more often than that. Output is cut to its limit when a desk looks at it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from gonogo.adapters.local.ending import stop_each
from gonogo.adapters.local.environment import ALLOWED, child_environment
from gonogo.adapters.local.health import HealthProbe
from gonogo.adapters.local.lock import exclusive
from gonogo.adapters.local.notes import Note, Notes
from gonogo.adapters.local.process import lives, resident_bytes
from gonogo.adapters.local.secrets import SecretsOf, no_secrets, without_secrets
from gonogo.adapters.local.words import named, require_startable
from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.instance_files import InstanceFiles
from gonogo.adapters.systemd.look import ENDED_ALREADY, Look
from gonogo.adapters.systemd.systemctl import Standing, UnitState
from gonogo.adapters.systemd.texts import LONGEST_GRACE_SECONDS, instance_text
from gonogo.adapters.systemd.told import how_it_ended, unnoted
from gonogo.domain.errors import ActionFailed, Unavailable
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance

_LOCK_SECONDS = 20.0
_KILL_SECONDS = 5.0


class SystemdDeployer:
    """Instances under one directory, which is readable by its owner alone, with units in `units`.

    `files` says where the files of (service, commit) are. `allowed` names the variables that a unit
    inherits from the desk. `secrets` stand in a file of the owner's while the instance is wanted.
    """

    def __init__(
        self,
        directory: Path,
        files: Callable[[str, str], Path],
        units: UnitFolder,
        *,
        allowed: frozenset[str] = ALLOWED,
        secrets: SecretsOf = no_secrets,
    ) -> None:
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files = files
        self._units = units
        self._systemctl = units.systemctl
        self._allowed = allowed
        self._secrets = secrets
        self._notes = Notes(self._directory)
        self._look = Look(self._systemctl, units.names.instances)
        self._health = HealthProbe()

    def used(self) -> bool:
        """Whether anything was ever started here and not stopped."""
        return bool(self._notes.known()) or self._units.used()

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that a unit of this instance runs.

        Raises ActionFailed when its files are missing, its port is taken or systemd refuses, and
        Unavailable when systemd does not answer, when another start or stop of it goes on, or when the
        fence is too low.
        """
        unit = self._unit(instance)
        async with self._exclusive(instance.id, f"start {named(instance)}", 0):
            if fence is not None:
                self._notes.raise_fence(instance.id, fence)
            state = await self._systemctl.unit(unit)
            fresh = Note.of(instance)
            template = self._units.names.template(instance.service, instance.environment)
            if state.standing is Standing.UP:
                # A stop that was cut off may have begun with this.
                self._units.start_with_the_machine(unit, template)
                self._notes.write(replace(fresh, leader=self._look.leader(state) or ENDED_ALREADY))
                return
            await self._end(unit, state, 0)
            folder = self._files(instance.service, instance.commit)
            await require_startable(instance, folder)
            self._notes.write(fresh)
            await self._write(instance, folder)
            await self._begin(instance, unit, template)
            state = await self._systemctl.unit(unit)
            self._notes.write(replace(fresh, leader=self._look.leader(state) or ENDED_ALREADY))
            self._notes.prune()

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true now. Its last output has at most 20 lines and 8 KiB and is safe to print."""
        found = await self._status(instance, probe=probe)
        return await without_secrets(found, instance, self._secrets)

    async def _status(self, instance: Instance, *, probe: bool) -> InstanceStatus:
        output = self._instance_files(instance.id).output
        said = InstanceStatus(InstanceState.UNKNOWN, log_path=str(output.path))
        try:
            state, leader = await self._look.at(self._unit(instance), thoroughly=probe)
        except Unavailable as silence:
            return replace(said, detail=str(silence), log_tail=output.tail())
        if state.standing is Standing.IDLE:
            note = self._notes.read(instance.id)
            if note is None or note.leader is None:
                return InstanceStatus(InstanceState.ABSENT)
        if output.too_long():
            await asyncio.to_thread(output.trim)
        if state.standing in {Standing.IDLE, Standing.ENDED}:
            return replace(
                said,
                state=InstanceState.EXITED,
                exit_code=state.exit_code,
                detail=how_it_ended(state),
                log_tail=output.tail(),
            )
        trouble = "systemd is ending it" if state.standing is Standing.ENDING else None
        if probe and trouble is None:
            trouble = "systemd is about to start it"
            if leader is not None:
                trouble = await self._health.trouble(leader, instance.port, instance.health.path)
                if not lives(leader):
                    return await self._status(instance, probe=False)
        return replace(
            said,
            state=InstanceState.RUNNING,
            healthy=probe and trouble is None,
            pid=state.pid,
            detail=trouble or "",
            log_tail=output.tail(),
        )

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that nothing of this instance runs and forget it; its output is kept.

        A grace above 60 seconds is one of 60. Returns whether anything ran. Raises ActionFailed when
        even killing did not end it, and Unavailable as `start` does.
        """
        return await self._stop(identity, f"stop {identity}", grace_seconds, fence)

    async def knows(self, identity: str) -> bool:
        """Whether this instance was started here and not stopped since."""
        return self._notes.read(identity) is not None or self._wanted_unit(identity) is not None

    async def resident_bytes(self, identity: str) -> int | None:
        """Resident memory of all that runs of this instance; None when nothing does, or nobody knows."""
        note = self._notes.read(identity)
        if note is None:
            return None
        try:
            unit = self._units.names.instance(note.service, note.environment, identity)
            _, leader = await self._look.at(unit, thoroughly=False)
        except Unavailable:
            return None
        return None if leader is None else await asyncio.to_thread(resident_bytes, leader)

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything under this directory that was started and not stopped, by id. Raises Unavailable."""
        if not self.used():
            return ()
        states = await self._look.everything()
        found = {}
        for unit in {*states, *self._units.wanted()}:
            if (parts := self._units.names.parts(unit)) is not None:
                found[parts[2]] = unnoted(parts, states.get(unit))
        for identity in self._notes.known():
            if (note := self._notes.read(identity)) is not None:
                unit = self._units.names.instance(note.service, note.environment, identity)
                state = states.get(unit)
                found[identity] = note.known(None if state is None else state.pid)
        return tuple(found[key] for key in sorted(found))

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Stop everything under this directory and remove every unit of this desk; returns what there was.

        Raises ActionFailed or Unavailable when one could not be stopped, after all others were.
        """
        found = await self.instances()
        await stop_each(found, lambda instance, doing: self._stop(instance, doing, grace_seconds))
        await self._units.clear()
        return found

    async def _stop(
        self, identity: str, doing: str, grace_seconds: float, fence: int | None = None
    ) -> bool:
        grace = min(max(grace_seconds, 0.0), LONGEST_GRACE_SECONDS)
        async with self._exclusive(identity, doing, grace):
            if fence is not None:
                self._notes.raise_fence(identity, fence)
            unit = await self._find_unit(identity)
            ran = unit is not None and await self._put_away(identity, unit, grace)
            if fence is None:
                self._notes.forget_fence(identity)
            return ran

    async def _put_away(self, identity: str, unit: str, grace_seconds: float) -> bool:
        self._units.start_no_more(unit)
        ran = await self._end(unit, await self._systemctl.unit(unit), grace_seconds)
        self._instance_files(identity).remove()
        self._notes.remove(identity)
        await self._sweep(unit)
        return ran

    async def _sweep(self, unit: str) -> None:
        """Remove the template when nothing is left of its service and environment."""
        parts = self._units.names.parts(unit)
        assert parts is not None
        service, environment, _ = parts
        await self._units.remove(
            self._units.names.template(service, environment),
            unless=lambda: self._has_another(service, environment),
        )

    def _has_another(self, service: str, environment: str) -> bool:
        notes = map(self._notes.read, self._notes.known())
        # One that cannot be read may be of this service.
        return any(
            note is None or (note.service, note.environment) == (service, environment)
            for note in notes
        )

    async def _write(self, instance: Instance, folder: Path) -> None:
        secrets = await self._secrets(instance.service, instance.environment)
        about = {
            "GONOGO_SERVICE": instance.service,
            "GONOGO_ENVIRONMENT": instance.environment,
            "GONOGO_VERSION": instance.version,
            "GONOGO_COMMIT": instance.commit,
            "GONOGO_INSTANCE": instance.id,
            "GONOGO_DIRECTORY": str(self._directory),
            "PORT": str(instance.port),
        }
        variables = child_environment((instance.variables, secrets, about), allowed=self._allowed)
        try:
            self._instance_files(instance.id).write(instance.line, variables, folder)
        except ValueError as error:  # a variable that no unit can hold
            raise ActionFailed(f"cannot start {named(instance)}: {error}") from error

    async def _begin(self, instance: Instance, unit: str, template: str) -> None:
        text = instance_text(
            template,
            instance.service,
            instance.environment,
            self._directory,
            user=self._systemctl.user,
        )
        await self._units.put(template, text, unit)
        self._units.start_with_the_machine(unit, template)
        answer = await self._systemctl.tell("start", "--", unit)
        self._look.forget(unit)
        if answer.code != 0:
            state = await self._systemctl.unit(unit)
            if state.standing is Standing.ENDED:
                return  # it was started, and has ended already: that is told by its status
            raise ActionFailed(
                f"cannot start {named(instance)}: systemd says:"
                f" {' '.join(answer.complaint.split())[:300]}",
                detail=answer.complaint,
                hint=f"{self._systemctl.words} status '{unit}'",
            )

    async def _end(self, unit: str, state: UnitState, grace_seconds: float) -> bool:
        """See that nothing runs of the unit, which is in this state; returns whether anything did."""
        self._look.forget(unit)
        if state.standing is Standing.IDLE:
            return False
        await self._ask_to_end(unit, grace_seconds)
        after = await self._systemctl.unit(unit)
        self._look.forget(unit)
        if after.standing is Standing.ENDED:
            await self._systemctl.tell("reset-failed", "--", unit)
        elif after.standing is not Standing.IDLE:
            raise ActionFailed(
                f"{unit} still runs after it was killed",
                hint=f"{self._systemctl.words} status '{unit}'",
            )
        return state.standing is Standing.UP or state.pid is not None

    async def _ask_to_end(self, unit: str, grace_seconds: float) -> None:
        longest = grace_seconds + 2 * _KILL_SECONDS
        stopping = asyncio.ensure_future(
            self._systemctl.tell("stop", "--", unit, within_seconds=longest)
        )
        try:
            await asyncio.wait({stopping}, timeout=grace_seconds)
            if not stopping.done():
                await self._systemctl.tell("kill", "--signal=SIGKILL", "--", unit)
            await stopping
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)

    async def _find_unit(self, identity: str) -> str | None:
        note = self._notes.read(identity)
        if note is not None:
            return self._units.names.instance(note.service, note.environment, identity)
        wanted = self._wanted_unit(identity)
        if wanted is not None or not self.used():
            return wanted
        found = await self._look.everything()
        return next((unit for unit in found if self._is_of(unit, identity)), None)

    def _wanted_unit(self, identity: str) -> str | None:
        return next((unit for unit in self._units.wanted() if self._is_of(unit, identity)), None)

    def _is_of(self, unit: str, identity: str) -> bool:
        parts = self._units.names.parts(unit)
        return parts is not None and parts[2] == identity

    def _unit(self, instance: Instance) -> str:
        return self._units.names.instance(instance.service, instance.environment, instance.id)

    def _instance_files(self, identity: str) -> InstanceFiles:
        return InstanceFiles(self._notes.folder(identity))

    @contextlib.asynccontextmanager
    async def _exclusive(
        self, identity: str, doing: str, grace_seconds: float
    ) -> AsyncIterator[None]:
        path = self._notes.folder(identity) / "lock"
        try:
            async with exclusive(path, _LOCK_SECONDS + grace_seconds, doing):
                yield
        except OSError as error:
            raise ActionFailed(f"cannot {doing}: {error}") from error
