"""The health of the tasks by which this desk works."""

from collections.abc import Mapping

from gonogo.domain.controller import ControllerKind, ControllerSeen
from gonogo.domain.health import Finding, Health
from gonogo.usecases.context import Context

_LATELY_SECONDS = 600.0
_OFTEN = 3
_LOG = "look into the desk's log for what it waited for"
_RESTART = "start the desk again when it suits (services run on): what was left behind goes with it"


def at_work(context: Context) -> tuple[ControllerSeen, ...]:
    """The tasks, those that may need somebody first; none where no desk works in this process."""
    if context.controllers is None:
        return ()
    return tuple(sorted(context.controllers.seen(), key=_urgency))


def restarts(context: Context) -> Mapping[tuple[ControllerKind, str], int]:
    """How often tasks had to be begun anew, by kind and what they are about."""
    return {} if context.controllers is None else context.controllers.restarts()


def _urgency(seen: ControllerSeen) -> tuple[bool, bool, int]:
    return (not seen.stuck, not _lately(seen), -seen.restarts)


def _lately(seen: ControllerSeen) -> bool:
    return seen.restarted_seconds is not None and seen.restarted_seconds < _LATELY_SECONDS


async def examine_controllers(context: Context) -> tuple[Finding, ...]:
    """One finding for each task that is not well, or one that all are."""
    if context.controllers is None:
        return ()
    tasks = at_work(context)
    found = [finding for seen in tasks for finding in _troubles(seen)]
    if found:
        return tuple(found)
    slowest = max((seen.beat_seconds for seen in tasks), default=0.0)
    detail = f"{len(tasks)} tasks at work, each gave a sign of life in the last {slowest:.0f} s"
    return (Finding("controllers", Health.GOOD, detail),)


def _troubles(seen: ControllerSeen) -> tuple[Finding, ...]:
    found: list[Finding] = []
    name = f"task {seen.name}"
    if seen.stuck:
        detail = (
            f"it is stuck: {seen.doing} for {seen.doing_seconds:.0f} s,"
            f" and should at most for {seen.limit_seconds:.0f} s"
        )
        found.append(Finding(name, Health.CRITICAL, detail, _LOG))
    elif _lately(seen):
        often = seen.restarts >= _OFTEN
        times = "time" if seen.restarts == 1 else "times"
        detail = f"it had to be begun anew, {seen.restarts} {times} so far: {seen.trouble}"
        health = Health.CRITICAL if often else Health.RECOMMENDED
        found.append(Finding(name, health, detail, _LOG))
    if seen.left_behind:
        were = "it was" if seen.left_behind == 1 else "they were"
        detail = f"{seen.left_behind} before it did not end when {were} told to"
        found.append(Finding(name, Health.RECOMMENDED, detail, _RESTART))
    return tuple(found)
