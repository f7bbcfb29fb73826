"""Seeing that the desk's tasks work: what is stuck or has died is said, ended and begun anew.

Guarantees: within `Rhythm.supervise` after a task has been silent for longer than it may, it is said in
the log and cancelled. One that has not ended `Rhythm.farewell` later is abandoned: it cannot go on
when it wakes (`heartbeat`), whoever began it is told so, and a successor takes its place.

When the whole process stood still, nobody is stuck: time in which this task did not come to its turn
either is not counted against the others. `turned` is called at every turn, for whoever watches from
outside whether the event loop turns at all.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gonogo.controllers.heartbeat import Heart
from gonogo.controllers.world import Rhythm
from gonogo.domain.controller import ControllerKind, ControllerSeen

log = logging.getLogger("gonogo.supervisor")

_LONGEST_PAUSE = 30.0
_WORTH_TELLING_SECONDS = 3.0
_SOUND_SECONDS = 120.0
"""Who has worked for so long begins again at once when it dies, and does not wait ever longer."""


@dataclass(frozen=True, slots=True)
class Of:
    """Which task: what it is for, and about which service, environment and release."""

    kind: ControllerKind
    subject: str = ""
    release: str | None = None

    def __str__(self) -> str:
        """What people call it, as `ControllerSeen.name` does."""
        about = self.subject if self.release is None else f"{self.release} of {self.subject}"
        return f"{self.kind.value} {about}".rstrip()


class Ending(StrEnum):
    """How a task came to its end."""

    ENDED = "ended"
    ABANDONED = "abandoned"


Work = Callable[[], Coroutine[Any, Any, None]]
Ended = Callable[[Ending], None]
"""Told when a task has ended or was abandoned: it has to be begun anew where it is needed."""


@dataclass(slots=True)
class _Record:
    """What is known of all tasks for the same thing, one after the other."""

    restarts: int = 0
    at: float | None = None
    trouble: str = ""
    left_behind: int = 0
    in_a_row: int = 0


@dataclass(slots=True, eq=False)
class _Watched:
    of: Of
    heart: Heart
    task: asyncio.Task[None]
    ended: Ended
    begun: float
    cancelled_at: float | None = field(default=None)


class Supervisor:
    """Begins tasks and looks after them."""

    def __init__(self, rhythm: Rhythm, turned: Callable[[], None] | None = None) -> None:
        self._every = rhythm.supervise.total_seconds()
        self._farewell = rhythm.farewell.total_seconds()
        self._patience = rhythm.patience.total_seconds()
        self._turned = turned
        self._watched: list[_Watched] = []
        self._left: set[asyncio.Task[None]] = set()
        self._records: dict[tuple[ControllerKind, str], _Record] = {}
        self._ending = False

    def begin(self, of: Of, work: Work, doing: str, ended: Ended) -> "asyncio.Task[None]":
        """Begin a task. `ended` is called when it has ended, unless whoever began it cancelled it."""
        heart = Heart(doing, self._patience)
        task = heart.begin(work())
        watched = _Watched(of, heart, task, ended, _now())
        self._watched.append(watched)
        task.add_done_callback(lambda _: self._done(watched))
        return task

    def stand(self, of: Of, work: Work, doing: str) -> None:
        """Keep a task at work for as long as there is a desk."""

        def again(_: Ending) -> None:
            if not self._ending:
                pause = self._pause(of)
                asyncio.get_running_loop().call_later(pause, self._stand_again, of, work, doing)

        self.begin(of, work, doing, again)

    def _stand_again(self, of: Of, work: Work, doing: str) -> None:
        if not self._ending:
            self.stand(of, work, doing)

    def let_go(self, task: "asyncio.Task[None]", abandoned: Callable[[], None]) -> None:
        """End a task that is not wanted any more; told is only that it had to be abandoned."""

        def told(ending: Ending) -> None:
            if ending is Ending.ABANDONED:
                abandoned()

        for watched in self._watched:
            if watched.task is task:
                watched.ended = told
                watched.cancelled_at = watched.cancelled_at or _now()
        task.cancel()

    def stumbled(self, of: Of, trouble: BaseException | str) -> None:
        """A task met something unexpected and is begun anew."""
        record = self._record(of)
        record.restarts += 1
        record.in_a_row += 1
        record.at = _now()
        record.trouble = str(trouble) or type(trouble).__name__

    async def run(self) -> None:
        """Look after everything until cancelled."""
        before = _now()
        while True:
            await asyncio.sleep(self._every)
            now = _now()
            asleep = now - before - 2 * self._every
            if asleep > 0:
                self._forgive(asleep)
            before = now
            for watched in list(self._watched):
                self._look(watched, now)
            if self._turned is not None:
                self._turned()

    async def end(self) -> None:
        """End every task; those that do not end soon are left behind."""
        self._ending = True
        tasks = {watched.task for watched in self._watched} | self._left
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=2 * self._farewell)
        for watched in self._watched:
            if watched.task in left:
                log.error("%s does not end; the desk ends without it", watched.of)

    def seen(self) -> tuple[ControllerSeen, ...]:
        """See the port `Controllers`."""
        now = _now()
        return tuple(self._seen(watched, now) for watched in self._watched)

    def restarts(self) -> Mapping[tuple[ControllerKind, str], int]:
        """See the port `Controllers`."""
        return {key: record.restarts for key, record in self._records.items()}

    def _seen(self, watched: _Watched, now: float) -> ControllerSeen:
        strand = watched.heart.worst()
        doing, since, until = strand.doing()
        record = self._record(watched.of)
        return ControllerSeen(
            kind=watched.of.kind,
            of=watched.of.subject,
            release=watched.of.release,
            doing=doing,
            doing_seconds=max(0.0, now - since),
            limit_seconds=until - since,
            beat_seconds=max(0.0, now - strand.beat_at),
            restarts=record.restarts,
            restarted_seconds=None if record.at is None else now - record.at,
            trouble=record.trouble,
            left_behind=record.left_behind,
        )

    def _look(self, watched: _Watched, now: float) -> None:
        if watched.task.done():
            return
        if watched.cancelled_at is not None:
            if now - watched.cancelled_at > self._farewell:
                self._abandon(watched)
            return
        doing, since, until = watched.heart.worst().doing()
        if now <= until:
            return
        why = f"{doing} for {now - since:.0f} s, and should at most for {until - since:.0f} s"
        log.warning("%s is stuck: %s; it is ended and begun anew", watched.of, why)
        self.stumbled(watched.of, why)
        watched.cancelled_at = now
        watched.task.cancel()

    def _abandon(self, watched: _Watched) -> None:
        log.warning("%s does not end when it is told to; another takes its place", watched.of)
        self._record(watched.of).left_behind += 1
        watched.heart.abandon()
        self._watched.remove(watched)
        self._left.add(watched.task)
        watched.ended(Ending.ABANDONED)

    def _done(self, watched: _Watched) -> None:
        trouble = None if watched.task.cancelled() else watched.task.exception()
        if watched.task in self._left:
            self._left.discard(watched.task)
            return
        self._watched.remove(watched)
        if isinstance(trouble, Exception):
            log.error("%s died of a defect in gonogo", watched.of, exc_info=trouble)
            self.stumbled(watched.of, trouble)
        if _now() - watched.begun > _SOUND_SECONDS:
            self._record(watched.of).in_a_row = 0
        if not self._ending:
            watched.ended(Ending.ENDED)

    def _forgive(self, seconds: float) -> None:
        if seconds >= _WORTH_TELLING_SECONDS:
            log.warning("the desk stood still for %.1f s", seconds)
        for watched in self._watched:
            for strand in watched.heart.strands:
                strand.forgive(seconds)
            if watched.cancelled_at is not None:
                watched.cancelled_at += seconds

    def _pause(self, of: Of) -> float:
        return float(min(2 ** min(self._record(of).in_a_row, 10), _LONGEST_PAUSE))

    def _record(self, of: Of) -> _Record:
        return self._records.setdefault((of.kind, of.subject), _Record())


def _now() -> float:
    return asyncio.get_running_loop().time()
