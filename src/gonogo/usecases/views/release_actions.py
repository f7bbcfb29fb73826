"""What can be said to a release now, and who may say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import Conflict
from gonogo.domain.gate import Decision, GateKind, GateMode
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.release import InstructionKind, Release, Stage
from gonogo.usecases.permissions import PERMISSIONS, Deed, may
from gonogo.usecases.releases.decisions import OPEN
from gonogo.usecases.releases.lifecycle import DEEDS, must_fit

TYPED = frozenset({InstructionKind.ABORT, InstructionKind.ROLL_BACK})
"""Said only with the version typed out: neither can be taken back."""

_OPEN = frozenset({StepState.FAILED, StepState.UNKNOWN})
K = InstructionKind


@dataclass(frozen=True, slots=True)
class Choice:
    """One word that a release can be told.

    `fits`: its stage can follow it, else `why_not` says why it cannot. `allowed`: this person may say
    it; `who` are the roles that may. `typed`: the version has to be typed out.
    """

    kind: InstructionKind
    fits: bool
    why_not: str
    allowed: bool
    who: tuple[str, ...]
    typed: bool


def choices(actor: Actor, release: Release, journal: Iterable[JournalEntry]) -> tuple[Choice, ...]:
    """Every word, in the order in which they are shown."""
    unsure = release.stage is Stage.NEEDS_PERSON or any(each.state in _OPEN for each in journal)
    return tuple(_choice(actor, release, kind, unsure=unsure) for kind in K)


class Filing(StrEnum):
    """What people file about a version, and gates wait for."""

    SIGN_OFF = "sign_off"
    HANDOFF = "handoff"
    ACKNOWLEDGEMENT = "acknowledgement"
    TICKS = "ticks"


_FILED: Mapping[GateKind, tuple[tuple[Filing, Deed], ...]] = {
    GateKind.SIGN_OFFS: ((Filing.SIGN_OFF, Deed.SIGN_OFF),),
    # Operations acknowledge what QA has handed over: the gate says which of both it waits for.
    GateKind.ACKNOWLEDGEMENT: (
        (Filing.ACKNOWLEDGEMENT, Deed.ACKNOWLEDGE),
        (Filing.HANDOFF, Deed.HAND_OVER),
    ),
    GateKind.CHECKLISTS: ((Filing.TICKS, Deed.TICK),),
}


def awaited(actor: Actor, release: Release, decision: Decision | None) -> tuple[Filing, ...]:
    """What this person can file that a gate of the release waits for, in the order of the gates."""
    if decision is None or release.final or release.exposed:
        return ()
    names = {actor.name, *(name for role in actor.roles for name in (role.words, role.value))}
    found = (
        filing
        for result in decision.results
        if result.mode is GateMode.REQUIRED and result.status in OPEN and names & set(result.asks)
        for filing, deed in _FILED.get(result.kind, ())
        if may(actor, deed)
    )
    return tuple(dict.fromkeys(found))


def fitting(release: Release) -> tuple[InstructionKind, ...]:
    """The words that the release's stage can follow, whoever says them."""
    return tuple(kind for kind in K if not _obstacle(release, kind))


def roles_for(release: Release, kind: InstructionKind, *, unsure: bool) -> frozenset[Role]:
    """Who may say it; `unsure`: going on says how a step ended that the desk cannot tell."""
    allowed: frozenset[Role] = PERMISSIONS[DEEDS[kind]]
    if kind is K.RESUME and unsure:
        allowed &= PERMISSIONS[Deed.SETTLE]
    asked = release.plan.verification
    if kind in {K.CONFIRM, K.REJECT} and asked is not None and asked.roles:
        allowed &= frozenset(asked.roles)
    return allowed


def _choice(actor: Actor, release: Release, kind: InstructionKind, *, unsure: bool) -> Choice:
    roles = roles_for(release, kind, unsure=unsure)
    obstacle = _obstacle(release, kind)
    return Choice(
        kind=kind,
        fits=not obstacle,
        why_not=obstacle,
        allowed=bool(actor.roles & roles),
        who=tuple(role.words for role in Role if role in roles and role is not Role.OWNER),
        typed=kind in TYPED,
    )


def _obstacle(release: Release, kind: InstructionKind) -> str:
    try:
        must_fit(release, kind)
    except Conflict as refusal:
        return str(refusal)
    return ""
