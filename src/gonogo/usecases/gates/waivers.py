"""Letting a gate pass for a time, and holding every release of a service."""

import difflib
from dataclasses import replace
from datetime import datetime, timedelta

from gonogo.domain.actor import Actor, Role
from gonogo.domain.dossier import Dossier, standing_flag
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.domain.gate import GateKind, GateMode
from gonogo.domain.paper import FREEZE, QUIET, Flag, Paper, Waiver
from gonogo.domain.plan import Plan
from gonogo.usecases.context import Context
from gonogo.usecases.papers.filing import file_paper, paper_of, spoken
from gonogo.usecases.papers.moments import end_of
from gonogo.usecases.papers.versions import find_version
from gonogo.usecases.permissions import PERMISSIONS, Deed, allow
from gonogo.usecases.services.specs import registration_of

LONGEST_WAIVER = timedelta(days=90)
LONGEST_FREEZE = timedelta(days=365)
_CALLED = {FREEZE: "freeze", QUIET: "silence"}
SHORTEST_REASON = 10


async def waive(
    context: Context,
    actor: Actor,
    *,
    service: str,
    gate: str,
    role: Role,
    reason: str,
    until: str,
    version: str | None = None,
) -> Paper:
    """Let a gate pass until a time, for one version or (without `version`) the whole service.

    `until` is a span from now or a time with a zone, at most 90 days ahead. Raises NotAllowed for a
    role that the actor does not have, NotFound for a gate that the spec does not have.
    """
    allow(actor, Deed.WAIVE)
    if role not in PERMISSIONS[Deed.WAIVE]:
        names = ", ".join(each.words for each in Role if each in PERMISSIONS[Deed.WAIVE])
        raise InvalidInput(f"nobody waives a gate as {role.words}; roles that may: {names}")
    if role not in actor.roles:
        raise NotAllowed(f"{actor.name} does not have the role {role.words}")
    reason = spoken(reason, "the reason", least=SHORTEST_REASON)
    end = end_of(until, context.clock.now(), "the waiver", LONGEST_WAIVER)
    registration = await registration_of(context, service)
    kind = gate_of(registration.plan, gate)
    commit = None
    if version is not None:
        commit = (await find_version(context, service, version)).commit
    paper = paper_of(context, actor, service, commit, Waiver(kind, role, reason, end))
    named = {} if version is None else {"version": version}
    data = {
        **named,
        "gate": kind.value,
        "role": role.value,
        "reason": reason,
        "until": end.isoformat(),
    }
    return await file_paper(context, paper, "waiver", data)


def gate_of(plan: Plan, name: str) -> GateKind:
    """The gate of the plan that this name means. Raises NotFound naming the nearest."""
    word = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    kinds = {rule.kind.value: rule for rule in plan.gates}
    if word not in kinds:
        near = difflib.get_close_matches(word[:60], kinds, n=1, cutoff=0.6)
        guess = f'; did you mean "{near[0]}"?' if near else ""
        known = ", ".join(kinds) or "none"
        raise NotFound(f'{plan.service} has no gate "{name[:60]}" (it has: {known}){guess}')
    rule = kinds[word]
    if rule.mode is not GateMode.REQUIRED:
        why = "is off" if rule.mode is GateMode.OFF else "is only advisory"
        raise Conflict(f'the gate "{word}" of {plan.service} {why}; it stops nothing')
    return rule.kind


async def freeze(
    context: Context,
    actor: Actor,
    *,
    service: str,
    on: bool,
    reason: str,
    until: str | None = None,
) -> Paper:
    """Hold every release of a service, or let them go on again. `until` as for a waiver, up to a year.

    Raises Conflict when nothing is frozen that could go on.
    """
    allow(actor, Deed.FREEZE)
    action = "freeze" if on else "unfreeze"
    lifted = f"{service} is not frozen"
    flag = Flag(FREEZE, on, reason)
    return await _switch(context, actor, service, flag, until, action, lifted)


async def hush(
    context: Context,
    actor: Actor,
    *,
    service: str,
    on: bool,
    reason: str,
    until: str | None = None,
) -> Paper:
    """Hold back every message about a service, or send them again; what was held back is sent then.

    `until` as for a freeze. Raises Conflict when messages are sent already.
    """
    allow(actor, Deed.HUSH)
    action = "hush" if on else "unhush"
    lifted = f"messages about {service} are sent already"
    flag = Flag(QUIET, on, reason)
    return await _switch(context, actor, service, flag, until, action, lifted)


async def _switch(
    context: Context,
    actor: Actor,
    service: str,
    flag: Flag,
    until: str | None,
    action: str,
    lifted: str,
) -> Paper:
    """File a flag; `lifted` is what is said when one is to be lifted that is not on."""
    reason = spoken(flag.reason, "a reason")
    now = context.clock.now()
    if until is not None and not flag.on:
        raise InvalidInput(f"lifting a {_CALLED[flag.name]} takes no end")
    called = f"the {_CALLED[flag.name]}"
    end = None if until is None else end_of(until, now, called, LONGEST_FREEZE)
    await registration_of(context, service)
    papers = await context.store.papers(service)
    if not flag.on and standing_flag(papers, flag.name, now) is None:
        raise Conflict(lifted)
    paper = paper_of(context, actor, service, None, replace(flag, reason=reason, until=end))
    data = {"reason": reason, "until": end.isoformat() if end else None}
    return await file_paper(context, paper, action, data)


def frozen(dossier: Dossier, now: datetime) -> tuple[Paper, Flag] | None:
    """The freeze that holds now."""
    return standing_flag(dossier.papers, FREEZE, now)
