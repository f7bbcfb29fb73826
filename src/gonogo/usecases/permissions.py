"""Who may do what: one table, denied by default.

Whoever owns the desk's process may do everything but speak in the name of a role: a sign-off is the
word of somebody who has that role. The desk itself does nothing through use cases.
"""

from collections.abc import Mapping
from enum import StrEnum

from gonogo.domain.actor import Actor, Role, Scope
from gonogo.domain.errors import NotAllowed


class Deed(StrEnum):
    """One thing that a person can do."""

    LOOK = "look"
    REGISTER = "register a service"
    ADOPT = "adopt a running service"
    RELEASE = "start a release"
    PAUSE = "pause or resume a release"
    ABORT = "abort a release"
    ROLL_BACK = "take a release back"
    SETTLE = "say how an open step ended"
    VERIFY = "verify a release in production"
    SUPPLY_EVIDENCE = "supply evidence"
    HAND_OVER = "hand a version over"
    ACKNOWLEDGE = "acknowledge a handoff"
    SIGN_OFF = "sign a version off"
    WAIVE = "waive a gate"
    TICK = "tick a checklist"
    FREEZE = "freeze or unfreeze releases"
    HUSH = "hold messages back or send them again"
    MANAGE_PEOPLE = "manage people and tokens"
    MANAGE_KEYS = "manage the desk's keys"
    STOP = "stop the desk"


R = Role
_ADMINS = frozenset({R.OWNER, R.ADMIN})
_OPERATORS = _ADMINS | {R.DEVOPS}
_TEAM = _OPERATORS | {R.QA, R.TECH_LEAD, R.SECURITY, R.PRODUCT, R.DEVELOPER}

PERMISSIONS: Mapping[Deed, frozenset[Role]] = {
    Deed.LOOK: _TEAM | {R.VIEWER, R.CI},
    Deed.REGISTER: _OPERATORS,
    Deed.ADOPT: _OPERATORS,
    Deed.RELEASE: _OPERATORS | {R.TECH_LEAD},
    Deed.PAUSE: _OPERATORS | {R.QA, R.TECH_LEAD},
    Deed.ABORT: _OPERATORS | {R.QA, R.TECH_LEAD},
    Deed.ROLL_BACK: _OPERATORS | {R.QA, R.TECH_LEAD, R.SECURITY},
    Deed.SETTLE: _OPERATORS,
    Deed.VERIFY: _OPERATORS | {R.QA},
    Deed.SUPPLY_EVIDENCE: _TEAM | {R.CI},
    Deed.HAND_OVER: _ADMINS | {R.QA, R.TECH_LEAD},
    Deed.ACKNOWLEDGE: _OPERATORS,
    Deed.SIGN_OFF: frozenset({R.QA, R.TECH_LEAD, R.SECURITY, R.PRODUCT, R.DEVOPS}),
    Deed.WAIVE: _ADMINS | {R.TECH_LEAD, R.SECURITY},
    Deed.TICK: _TEAM,
    Deed.FREEZE: _OPERATORS | {R.TECH_LEAD, R.SECURITY, R.PRODUCT},
    Deed.HUSH: _OPERATORS | {R.TECH_LEAD, R.PRODUCT},
    Deed.MANAGE_PEOPLE: _ADMINS,
    Deed.MANAGE_KEYS: _ADMINS,
    Deed.STOP: _ADMINS,
}
"""Every deed with the roles that may do it; a test holds every role against every deed."""


SCOPES: Mapping[Scope, frozenset[Deed]] = {
    Scope.READ: frozenset({Deed.LOOK}),
    Scope.EVIDENCE: frozenset({Deed.SUPPLY_EVIDENCE}),
    Scope.RELEASE: frozenset(
        {
            *(Deed.ADOPT, Deed.RELEASE, Deed.PAUSE, Deed.ABORT, Deed.ROLL_BACK, Deed.SETTLE),
            Deed.VERIFY,
        }
    ),
    Scope.HANDOFF: frozenset(
        {
            *(Deed.HAND_OVER, Deed.ACKNOWLEDGE, Deed.SIGN_OFF, Deed.WAIVE, Deed.TICK),
            *(Deed.FREEZE, Deed.HUSH),
        }
    ),
    Scope.REGISTER: frozenset({Deed.REGISTER}),
    Scope.ADMIN: frozenset({Deed.MANAGE_PEOPLE, Deed.MANAGE_KEYS, Deed.STOP}),
}
"""Every scope of a token with its deeds; each deed stands in one."""


def may(actor: Actor, deed: Deed) -> bool:
    """Whether one of the actor's roles allows it, and the token they came with too."""
    return bool(actor.roles & PERMISSIONS[deed]) and _within_scopes(actor, deed)


def _within_scopes(actor: Actor, deed: Deed) -> bool:
    return actor.scopes is None or any(deed in SCOPES[scope] for scope in actor.scopes)


def allow(actor: Actor, deed: Deed) -> None:
    """Raises NotAllowed, naming who may, unless one of the actor's roles allows it."""
    if may(actor, deed):
        return
    if actor.scopes is not None and not _within_scopes(actor, deed):
        given = ", ".join(sorted(actor.scopes)) or "nothing"
        needed = next(scope for scope, deeds in SCOPES.items() if deed in deeds)
        raise NotAllowed(
            f"this token of {actor.name} is for {given} alone and may not {deed.value}",
            hint=f"use a token with the scope {needed.value}",
        )
    own = ", ".join(sorted(role.words for role in actor.roles)) or "nobody here"
    allowed = ", ".join(role.words for role in Role if role in PERMISSIONS[deed])
    raise NotAllowed(f"{actor.name} ({own}) may not {deed.value}; these may: {allowed}")
