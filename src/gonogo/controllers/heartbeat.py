"""Signs of life: how a task that is stuck is told from one that waits as it should.

Why it is so: an await that never ends looks like any other await. So every loop gives a beat at each
of its turns, and what may take longer than the patience with silence (`Rhythm.patience`) says so before
it begins, with the longest time it may take. A task that is silent for longer than both is stuck. A
release that is held, a person who is waited for and a long build beat or have a limit of their own, and
are left alone.

A task may do something beside itself, such as storing what was seen while it goes on watching. Such a
part has a strand of its own: that the rest of the task beats must not hide that this part is stuck.

Which strand a call belongs to is known from its context, so that nobody has to hand it on.

Assumes: what is stuck ends when it is cancelled. One that does not is abandoned: its next beat raises
`Abandoned`, which nothing catches, so that it does not go on beside its successor. A call that it has
begun already carries a fence of its own (`ports.store`, `ports.deployer`, `ports.router`).
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from contextvars import ContextVar, copy_context
from datetime import timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")


class Abandoned(BaseException):
    """This task was given up and has a successor. Like a cancellation, it is no error to be handled."""


class Strand:
    """A line of work that beats. Times are those of the event loop, in seconds."""

    def __init__(self, doing: str, patience: float) -> None:
        self._now = asyncio.get_running_loop().time
        self._patience = patience
        self._deeds: dict[object, tuple[str, float, float]] = {}
        self._doing = doing
        self.beat_at = self._now()
        self.abandoned = False

    def beat(self, doing: str = "") -> None:
        """Give a sign of life, and say what comes now where that is something else.

        Raises Abandoned when nobody waits for a sign any more.
        """
        if self.abandoned:
            raise Abandoned
        self._doing = doing or self._doing
        self.beat_at = self._now()

    def doing(self) -> tuple[str, float, float]:
        """What it does now, since when, and until when it may at the most."""
        if not self._deeds:
            return self._doing, self.beat_at, self.beat_at + self._patience
        what, since, until = next(reversed(self._deeds.values()))
        return what, since, max(until, self.beat_at + self._patience)

    @contextlib.contextmanager
    def deed(self, what: str, within: float) -> Iterator[None]:
        """Something that may take so many seconds."""
        self.beat()
        key = object()
        self._deeds[key] = (what, self.beat_at, self.beat_at + within)
        try:
            yield
        finally:
            del self._deeds[key]
            self.beat_at = self._now()

    def forgive(self, seconds: float) -> None:
        """Take a time in which nobody could do anything as if it had not been."""
        self.beat_at += seconds
        for key, (what, since, until) in self._deeds.items():
            self._deeds[key] = (what, since, until + seconds)


class Heart:
    """All strands of one task."""

    def __init__(self, doing: str, patience: float) -> None:
        self._patience = patience
        self.strands = [Strand(doing, patience)]

    def begin(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Do this work, in a task of its own, as the main strand."""
        return _begin(work, self, self.strands[0])

    def beside(self, doing: str, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """The same with one strand more, for as long as the work goes on."""
        strand = Strand(doing, self._patience)
        strand.abandoned = self.strands[0].abandoned
        self.strands.append(strand)
        task = _begin(work, self, strand)
        task.add_done_callback(lambda _: self.strands.remove(strand))
        return task

    def worst(self) -> Strand:
        """The strand that has the least time left."""
        return min(self.strands, key=lambda strand: strand.doing()[2])

    def abandon(self) -> None:
        """From now on no strand of it may go on."""
        for strand in self.strands:
            strand.abandoned = True


_HEART: ContextVar[Heart | None] = ContextVar("heart", default=None)
_STRAND: ContextVar[Strand | None] = ContextVar("strand", default=None)


def beat(doing: str = "") -> None:
    """Give a sign of life, where somebody listens for one, and say what comes now."""
    strand = _STRAND.get()
    if strand is not None:
        strand.beat(doing)


def deed(what: str, within: timedelta) -> contextlib.AbstractContextManager[None]:
    """Say what begins now and how long it may take."""
    strand = _STRAND.get()
    return contextlib.nullcontext() if strand is None else strand.deed(what, within.total_seconds())


def beside(doing: str, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
    """Do this in a task that beats by itself."""
    heart = _HEART.get()
    return asyncio.ensure_future(work) if heart is None else heart.beside(doing, work)


def _begin(
    work: Coroutine[Any, Any, Result], heart: Heart, strand: Strand
) -> "asyncio.Task[Result]":
    context = copy_context()
    context.run(_HEART.set, heart)
    context.run(_STRAND.set, strand)
    return asyncio.get_running_loop().create_task(work, context=context)
