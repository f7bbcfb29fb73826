"""Runs versions as processes of this machine that outlive the desk.

Why it is so: the desk may be killed at any instant, even between a fork and writing down what came
of it, and nothing of production may depend on that. Each instance is a session of its own that
writes its output itself; a note and a tag in its environment let any later desk adopt it.

Guarantees: one process group for each instance id, whatever is killed when: starting and stopping
hold a lock that a child inherits until its tag can be seen, so a desk that comes back either finds
the process or waits until it can be found. An instance counts as healthy only by its own answer.

An act that was decided on before a newer one, by a desk that stood still since, is refused: the
number of the picture of the rows that an act follows from only rises, and stays with the instance's
output when it was stopped.

Assumes: the shell line stays in the foreground; an instance is its leading process, and what it
leaves running when that one ends is cleared away by the next start or stop. What listens must be
part of the instance: a container started by another program is not.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from gonogo.adapters.local.ending import stop_each
from gonogo.adapters.local.environment import ALLOWED, child_environment
from gonogo.adapters.local.health import HealthProbe
from gonogo.adapters.local.lock import exclusive
from gonogo.adapters.local.notes import Note, Notes
from gonogo.adapters.local.output import Output
from gonogo.adapters.local.process import (
    Find,
    Identity,
    Tag,
    end,
    environment_of,
    family,
    find_leader,
    last_word,
    lives,
    resident_bytes,
    spawn,
    tagged,
)
from gonogo.adapters.local.secrets import SecretsOf, no_secrets, without_secrets
from gonogo.adapters.local.words import how_it_ended, named, require_startable
from gonogo.domain.errors import ActionFailed
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance

_LOCK_SECONDS = 20.0


class ProcessDeployer:
    """Instances under one directory, which is readable by its owner alone.

    `files` says where the files of (service, commit) are. `allowed` names the variables that a
    process may inherit from the desk. `secrets` are given to processes and written down nowhere.
    """

    def __init__(
        self,
        directory: Path,
        files: Callable[[str, str], Path],
        *,
        allowed: frozenset[str] = ALLOWED,
        secrets: SecretsOf = no_secrets,
    ) -> None:
        self._secrets = secrets
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._files = files
        self._allowed = allowed
        self._notes = Notes(self._directory)
        self._health = HealthProbe()

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that a process of this instance runs.

        Raises ActionFailed when its files are missing, its port is taken or the system refuses, and
        Unavailable when another start or stop of it goes on or the fence is too low.
        """
        async with self._exclusive(instance.id, f"start {named(instance)}", 0) as held:
            if fence is not None:
                self._notes.raise_fence(instance.id, fence)
            note = self._notes.read(instance.id)
            leader = await self._leader(instance.id, note)
            fresh = Note.of(instance)
            if leader is not None:
                self._notes.write(replace(fresh, leader=leader))
                return
            await end(self._family(instance.id, note), 0)
            folder = self._files(instance.service, instance.commit)
            await require_startable(instance, folder)
            self._notes.write(fresh)
            secrets = await self._secrets(instance.service, instance.environment)
            leader = self._spawn(instance, folder, held, secrets)
            self._notes.write(replace(fresh, leader=leader))
            self._notes.prune()

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true now. Its last output has at most 20 lines and 8 KiB and is safe to print."""
        found = await self._status(instance, probe=probe)
        return await without_secrets(found, instance, self._secrets)

    async def _status(self, instance: Instance, *, probe: bool) -> InstanceStatus:
        note = self._notes.read(instance.id)
        output = self._output(instance.id)
        if note is None:
            return InstanceStatus(InstanceState.ABSENT)
        leader = await self._leader(instance.id, note)
        if leader is None and note.leader is None:
            return InstanceStatus(InstanceState.ABSENT)
        if output.too_long():
            await asyncio.to_thread(output.trim)
        if leader is None:
            return await self._ended(note, output)
        trouble = None
        if probe:
            trouble = await self._health.trouble(leader, instance.port, instance.health.path)
            if not lives(leader):
                return await self._ended(note, output)
        return InstanceStatus(
            InstanceState.RUNNING,
            healthy=probe and trouble is None,
            pid=leader.pid,
            log_tail=output.tail(),
            log_path=str(output.path),
            detail=trouble or "",
        )

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that nothing of this instance runs and forget it; its output is kept.

        Returns whether anything ran. Raises ActionFailed naming the processes that even killing did
        not end, and Unavailable when another start or stop of it goes on or the fence is too low.
        """
        return await self._stop(identity, f"stop {identity}", grace_seconds, fence)

    async def knows(self, identity: str) -> bool:
        """Whether this instance was started here and not stopped since."""
        return self._notes.read(identity) is not None

    async def resident_bytes(self, identity: str) -> int | None:
        """Resident memory of all that runs of this instance, added up; None when nothing does."""
        leader = await self._leader(identity, self._notes.read(identity))
        return None if leader is None else await asyncio.to_thread(resident_bytes, leader)

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything under this directory that was started and not stopped, by id."""
        found = await asyncio.to_thread(self._unnoted)
        for instance in self._notes.known():
            if (note := self._notes.read(instance)) is not None:
                leader = await self._leader(instance, note)
                found[instance] = note.known(None if leader is None else leader.pid)
        return tuple(found[key] for key in sorted(found))

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Stop everything under this directory; returns what there was.

        Raises ActionFailed when one could not be stopped, after all others were.
        """
        found = await self.instances()
        await stop_each(found, lambda instance, doing: self._stop(instance, doing, grace_seconds))
        return found

    async def _stop(
        self, instance: str, doing: str, grace_seconds: float, fence: int | None = None
    ) -> bool:
        async with self._exclusive(instance, doing, grace_seconds):
            if fence is not None:
                self._notes.raise_fence(instance, fence)
            note = self._notes.read(instance)
            family = self._family(instance, note)
            ran = bool(await asyncio.to_thread(family))
            await end(family, grace_seconds)
            self._notes.remove(instance)
            if fence is None:
                self._notes.forget_fence(instance)
            return ran

    async def _leader(self, instance: str, note: Note | None) -> Identity | None:
        if note is not None and note.leader is not None:
            return note.leader if lives(note.leader) else None
        return await asyncio.to_thread(find_leader, self._tag(instance))

    def _spawn(
        self, instance: Instance, folder: Path, held: int, secrets: Mapping[str, str]
    ) -> Identity:
        about = {
            "GONOGO_SERVICE": instance.service,
            "GONOGO_ENVIRONMENT": instance.environment,
            "GONOGO_VERSION": instance.version,
            "GONOGO_COMMIT": instance.commit,
            "PORT": str(instance.port),
        }
        layers = (instance.variables, secrets, about, self._tag(instance.id))
        descriptor = self._output(instance.id).open_new()
        try:
            environment = child_environment(layers, allowed=self._allowed)
            return spawn(instance.line, folder, environment, descriptor, held)
        except ValueError as error:  # a variable that no environment can hold
            raise ActionFailed(f"cannot start {named(instance)}: {error}") from error
        finally:
            os.close(descriptor)

    async def _ended(self, note: Note, output: Output) -> InstanceStatus:
        code = None if note.leader is None else await last_word(note.leader)
        return InstanceStatus(
            InstanceState.EXITED,
            exit_code=code,
            log_tail=output.tail(),
            log_path=str(output.path),
            detail=how_it_ended(code),
        )

    def _unnoted(self) -> dict[str, KnownInstance]:
        """Processes whose note was lost, told by their own environment."""
        found = {}
        for process in tagged({"GONOGO_DIRECTORY": str(self._directory)}):
            about = environment_of(process)
            if (instance := about.get("GONOGO_INSTANCE")) is not None:
                port = about.get("PORT", "")
                found[instance] = KnownInstance(
                    id=instance,
                    service=about.get("GONOGO_SERVICE", ""),
                    environment=about.get("GONOGO_ENVIRONMENT", ""),
                    version=about.get("GONOGO_VERSION", ""),
                    commit=about.get("GONOGO_COMMIT", ""),
                    port=int(port) if port.isdecimal() else 0,
                    pid=process.pid,
                    running=True,
                )
        return found

    def _family(self, instance: str, note: Note | None) -> Find:
        leader = None if note is None else note.leader
        return partial(family, leader, self._tag(instance))

    def _tag(self, instance: str) -> Tag:
        # Two desks on one machine may choose the same id; the directory tells them apart.
        return {"GONOGO_INSTANCE": instance, "GONOGO_DIRECTORY": str(self._directory)}

    def _output(self, instance: str) -> Output:
        return Output(self._notes.folder(instance) / "output.log")

    @contextlib.asynccontextmanager
    async def _exclusive(
        self, instance: str, doing: str, grace_seconds: float
    ) -> AsyncIterator[int]:
        path = self._notes.folder(instance) / "lock"
        try:
            async with exclusive(path, _LOCK_SECONDS + grace_seconds, doing) as held:
                yield held
        except OSError as error:
            raise ActionFailed(f"cannot {doing}: {error}") from error
