"""QA hands a version over, operations takes it over with a schedule."""

import difflib
from dataclasses import replace
from datetime import datetime, timedelta

from gonogo.domain.actor import Actor
from gonogo.domain.dossier import newest
from gonogo.domain.errors import Conflict, InvalidInput
from gonogo.domain.paper import Acknowledgement, Handoff, Paper
from gonogo.usecases.context import Context
from gonogo.usecases.papers.criteria import proposed
from gonogo.usecases.papers.filing import LONGEST_LINE, file_paper, paper_of, spoken
from gonogo.usecases.papers.moments import moment_of
from gonogo.usecases.papers.versions import find_version
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import duration_of

LONGEST_WAY = timedelta(days=90)
LONGEST_WINDOW = timedelta(days=30)
LONGEST_PAST = timedelta(days=1)
MOST_STEPS = 50


def read_handoff(text: str, path: str) -> Handoff:
    """The handoff of a file. Raises InvalidInput with file, line and column."""
    from gonogo.spec.handoff import read_handoff

    return read_handoff(text, path)


async def hand_over(
    context: Context, actor: Actor, *, service: str, version: str, handoff: Handoff
) -> Paper:
    """File a handoff; it takes the place of an earlier one of the same commit.

    Raises InvalidInput when it is for another version or a criterion has a name of the spec's.
    """
    allow(actor, Deed.HAND_OVER)
    if handoff.version not in {"", version}:
        near = difflib.SequenceMatcher(None, handoff.version, version).ratio() > 0.6
        raise InvalidInput(
            f"the handoff is for {handoff.version}, not for {version}",
            hint=f"hand over {handoff.version}, or change `version` in the file" if near else None,
        )
    candidate = await find_version(context, service, version)
    criteria = proposed(handoff.criteria, candidate.plan)
    content = replace(handoff, version=version, criteria=criteria)
    paper = paper_of(context, actor, service, candidate.commit, content)
    data = {
        "version": version,
        "scope": content.scope,
        "known_issues": len(content.known_issues),
        "risks": len(content.risks),
        "criteria": [each.name for each in criteria],
    }
    return await file_paper(context, paper, "handoff", data)


def schedule_of(
    now: datetime,
    *,
    at: str | None = None,
    window: str | None = None,
    duration: str | None = None,
    downtime: str | None = None,
    steps: tuple[str, ...] = (),
    concerns: str = "",
) -> Acknowledgement:
    """A schedule as people write it: a time with its zone, durations as in a spec."""
    return Acknowledgement(
        starts_at=None if at is None else moment_of(at, now),
        window=None if window is None else duration_of(window),
        duration=None if duration is None else duration_of(duration),
        downtime=timedelta() if downtime is None else duration_of(downtime),
        steps=steps,
        concerns=concerns,
    )


async def acknowledge(
    context: Context,
    actor: Actor,
    *,
    service: str,
    version: str,
    acknowledgement: Acknowledgement,
) -> Paper:
    """File that operations takes a handoff over, with a schedule.

    Raises Conflict before there is a handoff, InvalidInput for times that make no sense.
    """
    allow(actor, Deed.ACKNOWLEDGE)
    content = _sensible(acknowledgement, context.clock.now())
    candidate = await find_version(context, service, version)
    if newest(candidate.dossier, Handoff) is None:
        raise Conflict(
            f"{candidate.words} was not handed over yet; there is nothing to acknowledge",
            hint=f"gonogo handoff submit {service} {version} FILE",
        )
    paper = paper_of(context, actor, service, candidate.commit, content)
    data = {
        "version": version,
        "starts_at": content.starts_at.isoformat() if content.starts_at else None,
        "window_seconds": content.window.total_seconds() if content.window else None,
        "downtime_seconds": content.downtime.total_seconds(),
        "concerns": content.concerns,
    }
    return await file_paper(context, paper, "acknowledgement", data)


def _sensible(content: Acknowledgement, now: datetime) -> Acknowledgement:
    starts_at, window = content.starts_at, content.window
    for what, span in (("window", window), ("duration", content.duration)):
        if span is not None and not timedelta() < span <= LONGEST_WINDOW:
            raise InvalidInput(f"the {what} must be more than 0s and at most 30d")
    if not timedelta() <= content.downtime <= LONGEST_WINDOW:
        raise InvalidInput("the downtime must be 0s to 30d")
    if starts_at is None and window is not None:
        raise InvalidInput("a window needs a time at which it opens", hint='add --at "16:00 UTC"')
    if starts_at is not None:
        if starts_at.tzinfo is None:
            raise InvalidInput(f"{starts_at.isoformat()} has no time zone")
        if starts_at - now > LONGEST_WAY:
            raise InvalidInput(
                f"it starts in {(starts_at - now).days} days, the limit is {LONGEST_WAY.days} days"
            )
        if now - starts_at > LONGEST_PAST or (window is not None and starts_at + window <= now):
            raise InvalidInput(f"{starts_at:%Y-%m-%d %H:%M} UTC has passed, window included")
    if len(content.steps) > MOST_STEPS:
        raise InvalidInput(f"there are {len(content.steps)} steps, the limit is {MOST_STEPS}")
    return replace(
        content,
        steps=tuple(spoken(step, "a step", most=LONGEST_LINE) for step in content.steps),
        concerns=spoken(content.concerns, "what concerns you", least=0),
    )
