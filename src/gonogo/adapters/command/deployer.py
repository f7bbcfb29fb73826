"""Starts and stops versions on any platform that scripts can reach.

Why it is so: a script can hang, fail after it did its work, or end well without doing anything, and the
desk can be killed beside it. So what a script says of its own end counts for little: a note is written
before it acts, and afterwards the platform is read back, by a script that only looks.

Guarantees: deploy is never run while it is open whether it ran before: reading decides, and where that
says absent, a plan that calls it repeatable, or else a person. Of what cannot be read nobody is told
that it is healthy, nor that it is dead. Retire has worked when the platform says absent, not before. No
two scripts act on one instance at once, and none of them outlives its limit.

Assumes what docs/grounds.md asks of scripts: an instance is known by its id alone; retire and read may
be run at any time, again and again; deploy returns when the platform knows of the instance.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from gonogo.adapters.command.answer import Answer, PlatformState
from gonogo.adapters.command.notes import UNCERTAIN, Phase, PlatformNote, PlatformNotes
from gonogo.adapters.command.readings import Readings
from gonogo.adapters.command.scripts import (
    Ended,
    EndLeft,
    PlatformScripts,
    RunJob,
    named,
    scripts_of,
)
from gonogo.adapters.local.lock import exclusive
from gonogo.domain.address import host_port
from gonogo.domain.errors import ActionFailed, NeedsPerson, Unavailable
from gonogo.domain.ground import Scripts
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance

_LOCK_SECONDS = 20.0
_PAUSE_SECONDS = 0.5
_THERE = frozenset({PlatformState.STARTING, PlatformState.RUNNING})


class CommandDeployer:
    """Instances on platforms, with their notes under one directory.

    `run` runs a command in the files of a version, `end_left` ends one that a desk that is gone left.
    """

    def __init__(self, directory: Path, run: RunJob, end_left: EndLeft) -> None:
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.notes = PlatformNotes(self._directory)
        self.scripts = PlatformScripts(run, end_left)
        self.readings = Readings(self.scripts.read)
        self._acting: set[str] = set()

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that the platform has this instance.

        Raises ActionFailed when it was tried and is not there, NeedsPerson when nobody can say whether
        a deploy did anything, and Unavailable when the platform cannot be read, when another act on the
        instance goes on, or for a fence that is too low.
        """
        instance = self._as_deployed(instance)
        async with self._exclusive(instance.id, f"deploy {named(instance)}", 0):
            if fence is not None:
                self.notes.raise_fence(instance.id, fence)
            note = self.notes.found(instance.id)
            if note is not None and note.phase is Phase.DEPLOYING:
                await self.scripts.end_left(note.instance)
            answer = await self.readings.fresh(instance)
            if answer.state is PlatformState.UNKNOWN:
                raise Unavailable(f"whether {named(instance)} runs is not known: {_why(answer)}")
            if answer.state in _THERE:
                self.notes.keep(PlatformNote(instance, Phase.DEPLOYED))
                return
            if note is not None and note.phase in UNCERTAIN:
                self._decide(note, instance)
            await self._deploy(instance, tries=2 if scripts_of(instance).repeatable else 1)

    def _decide(self, note: PlatformNote, instance: Instance) -> None:
        """Whether deploy may be run again that ended openly, now that nothing of it is there."""
        if note.failure:
            self.notes.keep(PlatformNote(instance, Phase.FAILED))
            raise ActionFailed(note.failure)
        if scripts_of(instance).repeatable:
            return
        self.notes.keep(PlatformNote(instance, Phase.UNKNOWN))
        raise NeedsPerson(
            f"deploy of {named(instance)} was begun and nobody saw it end; read says that nothing of it"
            " is there",
            hint="look whether it was done; then `gonogo resume --done` or `gonogo resume --again`",
        )

    async def _deploy(self, instance: Instance, tries: int) -> None:
        self.notes.keep(PlatformNote(instance, Phase.DEPLOYING))
        ended = await self._act(instance, self.scripts.deploy)
        said = f"deploy of {named(instance)} {ended.how}"
        failure = said if not (ended.ok or ended.killed) else ""
        open_end = PlatformNote(instance, Phase.UNKNOWN, failure)
        try:
            answer = await self.readings.fresh(instance)
        except Unavailable as trouble:
            answer = Answer(PlatformState.UNKNOWN, detail=str(trouble))
        if answer.state in _THERE or (ended.ok and answer.state is not PlatformState.ABSENT):
            self.notes.keep(PlatformNote(instance, Phase.DEPLOYED))
        elif answer.state is PlatformState.UNKNOWN:
            self.notes.keep(open_end)
            raise Unavailable(f"{said}, and what it did is not known: {_why(answer)}")
        elif not ended.killed:
            self.notes.keep(PlatformNote(instance, Phase.FAILED))
            raise ActionFailed(
                f"{said}, and read says that it is {answer.state.value}" if ended.ok else said,
                detail=ended.log,
            )
        elif tries > 1:
            await self._deploy(instance, tries - 1)
        elif scripts_of(instance).repeatable:
            self.notes.keep(PlatformNote(instance, Phase.FAILED))
            raise ActionFailed(f"{said}, again, and read says that it is {answer.state.value}")
        else:
            self._decide(open_end, instance)

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What the platform says: with `probe` within the pace of its ground, otherwise what is known.

        UNKNOWN, with the reason, when it says nothing that can be used.
        """
        instance = self._as_deployed(instance)
        try:
            if probe:
                answer = await self.readings.recent(instance)
            else:
                answer = self.readings.known(instance)
        except Unavailable as trouble:
            return InstanceStatus(InstanceState.UNKNOWN, detail=str(trouble))
        host, port = answer.address or (instance.host, instance.port)
        state = self._state(instance, answer)
        return InstanceStatus(
            state,
            healthy=probe and answer.healthy,
            exit_code=answer.exit_code,
            log_tail=answer.log,
            detail=_detail(answer, state),
            address=host_port(host, port) if state is InstanceState.RUNNING else "",
        )

    def _as_deployed(self, instance: Instance) -> Instance:
        """With the scripts that it was deployed by, where a newer plan names another ground."""
        if isinstance(instance.ground, Scripts):
            return instance
        note = self.notes.found(instance.id)
        return instance if note is None else replace(instance, ground=note.instance.ground)

    def _state(self, instance: Instance, answer: Answer) -> InstanceState:
        if answer.state in _THERE:
            return InstanceState.RUNNING
        if answer.state is PlatformState.UNKNOWN or instance.id in self._acting:
            return InstanceState.UNKNOWN
        note = self.notes.found(instance.id)
        if note is not None and note.phase in UNCERTAIN and not scripts_of(instance).repeatable:
            return InstanceState.UNKNOWN
        absent = answer.state is PlatformState.ABSENT
        return InstanceState.ABSENT if absent else InstanceState.EXITED

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that the platform has nothing of this instance, and forget it.

        Returns whether there was anything. Raises ActionFailed when the platform still has it after
        `grace_seconds`, Unavailable when that cannot be read, and as `start` does for others.
        """
        if self.notes.found(identity) is None:
            return False
        async with self._exclusive(identity, f"retire {identity}", grace_seconds):
            if fence is not None:
                self.notes.raise_fence(identity, fence)
            note = self.notes.found(identity)
            if note is None:
                return False
            instance = note.instance
            if note.phase is Phase.DEPLOYING:
                await self.scripts.end_left(instance)
            was_there = await self._is_there(instance)
            self.notes.keep(PlatformNote(instance, Phase.RETIRING))
            ended = await self._act(instance, self.scripts.retire)
            await self._see_it_gone(
                instance, f"retire of {named(instance)} {ended.how}", grace_seconds
            )
            self.notes.remove(identity)
            if fence is None:
                self.notes.forget_fence(identity)
            self.readings.forget(identity)
            self.notes.prune()
            return was_there

    async def _is_there(self, instance: Instance) -> bool:
        try:
            return (await self.readings.fresh(instance)).state is not PlatformState.ABSENT
        except Unavailable:
            return True

    async def _see_it_gone(self, instance: Instance, said: str, grace_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + grace_seconds
        while True:
            try:
                answer = await self.readings.fresh(instance)
            except Unavailable as trouble:
                raise Unavailable(
                    f"{said}, and whether it is gone is not known: {trouble}"
                ) from trouble
            if answer.state is PlatformState.ABSENT:
                return
            if loop.time() >= end:
                raise ActionFailed(f"{said}, and read still says that it is {answer.state.value}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _act(
        self, instance: Instance, script: Callable[[Instance], Awaitable[Ended]]
    ) -> Ended:
        """Run a script that changes something; what was read before it counts no more afterwards."""
        self._acting.add(instance.id)
        try:
            return await script(instance)
        finally:
            self._acting.discard(instance.id)
            self.readings.outdate(instance.id)

    async def knows(self, identity: str) -> bool:
        """Whether this instance was deployed by scripts and not retired since."""
        return self.notes.found(identity) is not None

    async def resident_bytes(self, identity: str) -> int | None:
        """A platform does not say."""
        del identity
        return None

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything that was deployed by scripts and not retired, by id; the platform is not asked."""
        notes = [self.notes.found(identity) for identity in self.notes.known()]
        return tuple(_known(note) for note in notes if note is not None)

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Retire everything that was deployed by scripts; returns what there was.

        Raises what the first one raised that could not be, after all others were.
        """
        found = await self.instances()
        ends = await asyncio.gather(
            *(self.stop(known.id, grace_seconds) for known in found), return_exceptions=True
        )
        for ended in ends:
            if isinstance(ended, BaseException):
                raise ended
        return found

    async def close(self) -> None:
        """End every script that only looks."""
        await self.readings.close()

    @contextlib.asynccontextmanager
    async def _exclusive(
        self, identity: str, doing: str, grace_seconds: float
    ) -> AsyncIterator[None]:
        path = self.notes.folder(identity) / "lock"
        try:
            async with exclusive(path, _LOCK_SECONDS + grace_seconds, doing):
                yield
        except OSError as error:
            raise ActionFailed(f"cannot {doing}: {error}") from error


def _why(answer: Answer) -> str:
    return answer.detail or "the platform says that it does not know"


def _detail(answer: Answer, state: InstanceState) -> str:
    plain = state is InstanceState.ABSENT or (state is InstanceState.RUNNING and answer.healthy)
    if answer.detail or plain:
        return answer.detail
    if state is InstanceState.UNKNOWN and answer.state is not PlatformState.UNKNOWN:
        return f"the platform says {answer.state.value}, and whether deploy is done is not known"
    return f"the platform says {answer.state.value}"


def _known(note: PlatformNote) -> KnownInstance:
    return KnownInstance.of(note.instance, pid=None, running=note.phase is Phase.DEPLOYED)
