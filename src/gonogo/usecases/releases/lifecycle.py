"""Releases: starting one, finding one, telling it something, and telling its story."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotFound
from gonogo.domain.journal import StepState
from gonogo.domain.message import Message
from gonogo.domain.release import (
    TRANSITIONS,
    WAITING,
    Instruction,
    InstructionKind,
    Release,
    Stage,
    VerifiedLine,
)
from gonogo.domain.slot import SlotRole, with_role
from gonogo.domain.story import Story
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of

_LONGEST_REASON = 2000
_MOST_MEANT = 20

_LEADS_TO = {
    InstructionKind.PAUSE: Stage.PAUSED,
    InstructionKind.ABORT: Stage.ABORTED,
    InstructionKind.ROLL_BACK: Stage.ROLLING_BACK,
}


_OPEN = frozenset({StepState.FAILED, StepState.UNKNOWN})

DEEDS: Mapping[InstructionKind, Deed] = {
    InstructionKind.PAUSE: Deed.PAUSE,
    InstructionKind.RESUME: Deed.PAUSE,
    InstructionKind.RETRY: Deed.SETTLE,
    InstructionKind.ABORT: Deed.ABORT,
    InstructionKind.ROLL_BACK: Deed.ROLL_BACK,
    InstructionKind.CONFIRM: Deed.VERIFY,
    InstructionKind.REJECT: Deed.VERIFY,
}
"""What one must be allowed to do to say it. To resume over an open step takes SETTLE as well."""


_ONWARD = frozenset({InstructionKind.RESUME, InstructionKind.RETRY})


async def prepare_release(context: Context, actor: Actor, *, service: str, version: str) -> Release:
    """The release as it would start now; nothing is stored.

    Raises NotFound for an unknown service or tag, Conflict when gonogo runs the version there already.
    """
    allow(actor, Deed.RELEASE)
    registration = await registration_of(context, service)
    context.commands.require(service)
    commit = await context.source.resolve(registration.repository, version)
    production = registration.plan.production
    slots = await context.store.slots(service, production.name)
    baseline = with_role(slots, SlotRole.BASELINE)
    # What was adopted is released under its own name to have gonogo run it from now on.
    if baseline is not None and baseline.commit == commit and not baseline.adopted:
        raise Conflict(f"{service} {version} serves {production.name} already")
    earlier = await context.store.releases(service)
    now = context.clock.now()
    return Release(
        id=context.new_id(),
        service=service,
        version=version,
        commit=commit,
        previous=baseline.version if baseline else None,
        plan=registration.plan,
        actor=actor.name,
        created_at=now,
        stage=Stage.DRAFT,
        stage_since=now,
        reason=f"{actor.name} asked for it",
        attempt=1 + sum(other.commit == commit and other.exposed for other in earlier),
    )


async def start_release(
    context: Context, actor: Actor, *, service: str, version: str, key: str | None = None
) -> Release:
    """Start a release of a version of a registered service.

    `key` is the idempotency key: the same key gives the same release. Raises what `prepare_release`
    raises, and Conflict while another release of the service is under way.
    """
    allow(actor, Deed.RELEASE)
    if key is not None and (known := await context.store.release(key)) is not None:
        if (known.service, known.version) != (service, version):
            raise Conflict(f'key "{key}" belongs to {known.service} {known.version}')
        return known
    release = await prepare_release(context, actor, service=service, version=version)
    if key is not None:
        release = replace(release, id=key)
    data = {"version": version, "commit": release.commit, "spec": release.plan.digest}
    audit = AuditDraft(actor.name, "person:release:start", release.id, data)
    told = f"{service} {version} begins; {actor.name} asked for it"
    at = release.created_at
    message = Message(f"{release.id}.0", release.id, "person:release:start", told, at)
    opened = await context.store.open(release, audit, (message,))
    context.wake(opened.id)
    return opened


async def find_release(context: Context, reference: str) -> Release:
    """The release meant by an id, the start of one, `service`, `version` or `service version`.

    Of several the newest is meant; an id's start must be unambiguous. Raises NotFound.
    """
    found = await context.store.matching(reference, _MOST_MEANT)
    if len(found) > 1:
        many = f"{len(found)}{' or more' if len(found) == _MOST_MEANT else ''}"
        raise NotFound(f'"{reference}" could be any of {many} releases; give more of its id')
    if found:
        return found[0]
    raise NotFound(
        f'no release "{reference[:80]}" is known', hint="run `gonogo status` to see them"
    )


async def instruct(
    context: Context,
    actor: Actor,
    *,
    reference: str,
    kind: InstructionKind,
    reason: str,
    lines: tuple[VerifiedLine, ...] = (),
    seen: int | None = None,
) -> Release:
    """Tell a release something. What cannot be done in its stage is refused at once with Conflict.

    `lines` go with a confirmation, which `verification` holds against the plan. `seen` is
    the last audit entry that the actor was shown: when somebody else spoke since, it is refused too.
    """
    allow(actor, DEEDS[kind])
    reason = reason.strip()
    if not reason:
        raise InvalidInput("a reason is needed", hint='add --reason "…"')
    if len(reason) > _LONGEST_REASON:
        raise InvalidInput(
            f"the reason has {len(reason)} characters, the limit is {_LONGEST_REASON}"
        )
    if not reason.isprintable() and any(unicodedata.category(mark) == "Cs" for mark in reason):
        raise InvalidInput("the reason holds half a character (a lone surrogate); write it again")
    release = await find_release(context, reference)
    if kind is InstructionKind.RESUME and await has_open_step(context, release):
        allow(actor, Deed.SETTLE)
    must_fit(release, kind)
    instruction = Instruction(
        id=context.new_id(),
        release=release.id,
        kind=kind,
        actor=actor.name,
        reason=reason,
        at=context.clock.now(),
        lines=lines,
    )
    data: dict[str, object] = {"reason": reason}
    if lines:
        data["lines"] = [asdict(line) for line in lines]
    audit = AuditDraft(actor.name, f"person:release:{kind.value}", release.id, data)
    await context.store.instruct(instruction, audit, seen=seen)
    context.wake(release.id)
    return release


async def has_open_step(context: Context, release: Release) -> bool:
    """Whether going on says how a step ended that the desk itself cannot tell."""
    journal = await context.store.journal(release.id)
    return release.stage is Stage.NEEDS_PERSON or any(entry.state in _OPEN for entry in journal)


def _verifies(release: Release) -> bool:
    """Whether a person's check is asked for: of the promoted version, or of the one that serves again."""
    if release.stage is Stage.VERIFYING_ROLLBACK:
        asked = release.plan.verification
        return asked is not None and asked.after_rollback
    return release.stage is Stage.VERIFYING


def must_fit(release: Release, kind: InstructionKind) -> None:
    """Refuse what the release's stage cannot follow, with what would work instead, as Conflict."""
    name = f"{release.service} {release.version}"
    stage = release.stage.value.replace("_", " ")
    if release.final:
        hint = None
        if kind is InstructionKind.ROLL_BACK and release.stage is Stage.RELEASED:
            back = release.previous or "VERSION"
            hint = f"release the version before: `gonogo release {release.service} {back}`"
        raise Conflict(f"{name} has ended: it is {stage}", hint=hint)
    leads_to = _LEADS_TO.get(kind)
    possible = leads_to is None or leads_to in TRANSITIONS[release.stage]
    if kind is InstructionKind.ABORT and (release.exposed or not possible):
        raise Conflict(
            f"{name} is {stage} and may have reached production: it cannot be aborted any more",
            hint=f'take it back: `gonogo rollback {release.service} --reason "…"`',
        )
    if (
        kind is InstructionKind.ROLL_BACK
        and not possible
        and release.stage is not Stage.ROLLING_BACK
    ):
        raise Conflict(
            f"{name} is {stage}: there is nothing to take back",
            hint=f'end it: `gonogo abort {release.service} --reason "…"`',
        )
    if kind in _ONWARD and release.stage not in WAITING:
        raise Conflict(f"{name} is {stage}: it does not wait for anybody")
    again = kind is InstructionKind.RETRY and release.came_from is Stage.CHECKING
    if release.stage is Stage.HELD and kind in _ONWARD and not again:
        raise Conflict(
            f"{name} is held by its gates, and no word sends it past them",
            hint=f"bring what is missing, or waive a gate: `gonogo why {release.id}`",
        )
    if kind in {InstructionKind.CONFIRM, InstructionKind.REJECT} and not _verifies(release):
        raise Conflict(f"{name} is {stage}: there is nothing to confirm")
    if not possible:
        raise Conflict(f"{name} is {stage} and cannot be told to {kind.value.replace('_', ' ')}")


async def tell_story(context: Context, release: Release) -> Story:
    """Everything recorded of one release."""
    return Story(
        release=release,
        looks=await context.store.looks(release.id),
        audit=tuple([entry async for entry in context.store.entries(subject=release.id)]),
        journal=await context.store.journal(release.id),
        at=context.clock.now(),
    )
