"""The lifecycle of a release: its stages, the one table of ways between them, and the one setter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gonogo.domain.errors import Conflict
from gonogo.domain.plan import Plan


class Stage(StrEnum):
    """Where a release stands."""

    DRAFT = "draft"
    CHECKING = "checking"
    HELD = "held"
    CLEARED = "cleared"
    STAGING = "staging"
    CANARY = "canary"
    PROMOTING = "promoting"
    VERIFYING = "verifying"
    WATCHING = "watching"
    RELEASED = "released"
    PAUSED = "paused"
    ROLLING_BACK = "rolling_back"
    VERIFYING_ROLLBACK = "verifying_rollback"
    ROLLED_BACK = "rolled_back"
    NO_GO = "no_go"
    ABORTED = "aborted"
    NEEDS_PERSON = "needs_person"
    ADOPTED = "adopted"


S = Stage
FINAL = frozenset({S.RELEASED, S.ROLLED_BACK, S.NO_GO, S.ABORTED, S.ADOPTED})
"""Stages that nothing leaves. What is ADOPTED ran before gonogo came and was never on its way."""

WAITING = frozenset({S.HELD, S.PAUSED, S.NEEDS_PERSON})
"""Stages in which a person has the next word."""

_ON_THE_WAY = frozenset({S.STAGING, S.CANARY, S.PROMOTING, S.VERIFYING, S.WATCHING})
_BACK = frozenset({S.ROLLING_BACK, S.VERIFYING_ROLLBACK})
_TROUBLE = frozenset({S.ROLLING_BACK, S.PAUSED, S.NEEDS_PERSON})

TRANSITIONS: Mapping[Stage, frozenset[Stage]] = {
    S.DRAFT: frozenset({S.CHECKING, S.ABORTED}),
    S.CHECKING: frozenset({S.HELD, S.CLEARED, S.NO_GO, S.ABORTED, S.NEEDS_PERSON}),
    S.HELD: frozenset({S.CHECKING, S.CLEARED, S.NO_GO, S.ABORTED}),
    S.CLEARED: frozenset({S.HELD, S.STAGING, S.NO_GO, S.ABORTED}),
    # A version that fails its rehearsal never met a customer: that is a No-Go, not a rollback.
    # Before production the gates are asked again.
    S.STAGING: _TROUBLE | {S.CANARY, S.HELD, S.NO_GO, S.ABORTED},
    S.CANARY: _TROUBLE | {S.PROMOTING},
    S.PROMOTING: _TROUBLE | {S.VERIFYING},
    S.VERIFYING: _TROUBLE | {S.WATCHING},
    S.WATCHING: _TROUBLE | {S.RELEASED},
    S.PAUSED: _ON_THE_WAY | {S.ROLLING_BACK, S.NEEDS_PERSON, S.ABORTED},
    S.ROLLING_BACK: frozenset({S.VERIFYING_ROLLBACK, S.NEEDS_PERSON}),
    S.VERIFYING_ROLLBACK: frozenset({S.ROLLED_BACK, S.NEEDS_PERSON}),
    S.NEEDS_PERSON: _ON_THE_WAY | _BACK | {S.CHECKING, S.NO_GO, S.ABORTED},
    S.RELEASED: frozenset(),
    S.ROLLED_BACK: frozenset(),
    S.NO_GO: frozenset(),
    S.ABORTED: frozenset(),
    S.ADOPTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Release:
    """One version of one service on its way.

    `id` is the idempotency key it was asked for with. `previous` is the version that served when it
    began, or None for the first version ever. `reason` says why it stands where it stands.
    `step` counts rollout steps from 0; -1 is before the first. `exposed` says that customers may
    have reached it. `came_from` is the stage that a waiting release goes back to. `attempt` counts
    releases of the same commit that reached customers, and this one. `revision` grows by one with
    every recorded change.
    """

    id: str
    service: str
    version: str
    commit: str
    previous: str | None
    plan: Plan
    actor: str
    created_at: datetime
    stage: Stage
    stage_since: datetime
    reason: str
    step: int = -1
    step_since: datetime | None = None
    exposed: bool = False
    came_from: Stage | None = None
    attempt: int = 1
    revision: int = 0

    @property
    def final(self) -> bool:
        """Whether its way has ended."""
        return self.stage in FINAL


def move(release: Release, to: Stage, at: datetime, reason: str) -> Release:
    """The release in its next stage.

    Raises Conflict when the table has no such way. Into a waiting stage it remembers where it came
    from, so that a person's word can send it on.
    """
    if to not in TRANSITIONS[release.stage]:
        raise Conflict(
            f"release {release.service} {release.version} is {release.stage.value}"
            f" and cannot become {to.value}"
        )
    came_from = release.came_from
    if to in WAITING:
        came_from = release.came_from if release.stage in WAITING else release.stage
    elif release.stage in WAITING:
        came_from = None
    return replace(release, stage=to, stage_since=at, reason=reason, came_from=came_from)


class InstructionKind(StrEnum):
    """What a person can tell a release under way."""

    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ABORT = "abort"
    ROLL_BACK = "roll_back"
    CONFIRM = "confirm"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class VerifiedLine:
    """One line that a person tried in production: did it pass, how long it took, and what they saw."""

    name: str
    passed: bool
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """A person's word to a release. It is stored first; whoever drives the release reads it from there."""

    id: str
    release: str
    kind: InstructionKind
    actor: str
    reason: str
    at: datetime
    lines: tuple[VerifiedLine, ...] = ()
