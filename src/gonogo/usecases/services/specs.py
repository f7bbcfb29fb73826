"""Specs: checking one without a desk, and registering one so that it may drive something."""

import difflib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotFound
from gonogo.domain.plan import Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering did: `changed` says whether the desk knew another spec, or none, before."""

    registration: Registration
    changed: bool
    known_before: bool


def check_spec(text: str, path: str) -> Plan:
    """The plan that a spec says. Raises InvalidInput with file, line and column."""
    from gonogo.spec import load

    return load(text, path)


def spec_schema() -> dict[str, Any]:
    """The JSON Schema of `gonogo.yaml`."""
    from gonogo.spec import json_schema

    return json_schema()


def share_of(text: str) -> float:
    """A percentage as people write it in a spec. Raises InvalidInput."""
    from gonogo.spec.units import Unfit, parse_share

    try:
        return parse_share(text.strip())
    except Unfit as error:
        raise InvalidInput(str(error)) from error


def duration_of(text: str) -> timedelta:
    """A duration as people write it in a spec. Raises InvalidInput."""
    from gonogo.spec.units import Unfit, parse_duration

    try:
        return parse_duration(text.strip())
    except Unfit as error:
        raise InvalidInput(str(error)) from error


@dataclass(frozen=True, slots=True)
class Difference:
    """How a spec differs from the registered one: `replaces` is that one's digest, or None when the
    service is not registered; `lines` are those of a unified diff, none when nothing differs."""

    service: str
    replaces: str | None
    lines: tuple[str, ...] = ()


async def compare(context: Context, actor: Actor, *, text: str, path: str) -> Difference:
    """What registering this spec would change. Raises InvalidInput for a bad one."""
    allow(actor, Deed.REGISTER)
    plan = check_spec(text, path)
    known = await context.store.registration(plan.service)
    if known is None:
        return Difference(plan.service, None)
    before, after = known.spec.splitlines(), text.splitlines()
    lines = difflib.unified_diff(before, after, "registered", path, lineterm="", n=1)
    return Difference(plan.service, known.plan.digest, tuple(lines))


async def differs_from_registered(context: Context, release: Release) -> bool:
    """Whether the version brings a gonogo.yaml of its own that is not the registered one."""
    registration = await registration_of(context, release.service)
    if context.history is None:
        return False
    try:
        found = await context.history.files(
            registration.repository, release.commit, ("gonogo.yaml",)
        )
    except (InvalidInput, NotFound):
        return False
    text = found.get("gonogo.yaml")
    return text is not None and text != registration.spec


async def register(
    context: Context,
    actor: Actor,
    *,
    text: str,
    path: str,
    repository: str,
    replaces: str | None = None,
) -> Registered:
    """Register a service, or replace what is registered under its name.

    `replaces` is the digest of the registered spec, as `compare` showed it: whoever replaces one has
    seen what changes. Raises InvalidInput for a bad spec or repository, Conflict while a release of it
    is under way, when another service has one of its ports, or when another spec is registered than
    the one to be replaced, NotAllowed where the desk runs no commands of this service.
    """
    allow(actor, Deed.REGISTER)
    plan = check_spec(text, path)
    context.commands.require(plan.service)
    await _repository(context, repository)
    known = await context.store.registration(plan.service)
    if known is not None and known.plan.digest == plan.digest and known.repository == repository:
        return Registered(known, changed=False, known_before=True)
    if known is not None and known.plan.digest not in {replaces, plan.digest}:
        raise Conflict(
            f"{plan.service} is registered with another spec, whose change nobody has approved",
            hint="gonogo register shows the difference and asks",
        )
    await _nothing_under_way(context, plan.service)
    await _ports_free(context, plan)
    registration = Registration(
        service=plan.service,
        repository=repository,
        spec=text,
        plan=plan,
        actor=actor.name,
        at=context.clock.now(),
        tester_secret=known.tester_secret if known else secrets.token_urlsafe(24),
    )
    data = {
        "digest": plan.digest,
        "before": known.plan.digest if known else None,
        "repository": repository,
        "gates": _changed_gates(known.plan, plan) if known else [],
    }
    audit = AuditDraft(actor.name, "person:service:register", plan.service, data)
    await context.store.register(registration, audit)
    context.wake("")
    return Registered(registration, changed=True, known_before=known is not None)


def _changed_gates(before: Plan, after: Plan) -> list[str]:
    """Kinds of gates whose rule was added, changed or taken away."""
    old = {rule.kind: rule for rule in before.gates}
    new = {rule.kind: rule for rule in after.gates}
    return sorted(kind.value for kind in old.keys() | new.keys() if old.get(kind) != new.get(kind))


async def registration_of(context: Context, service: str) -> Registration:
    """What is registered under this name. Raises NotFound naming what is."""
    registration = await context.store.registration(service)
    if registration is None:
        names = ", ".join(each.service for each in await context.store.registrations())
        raise NotFound(
            f'no service "{service}" is registered (known: {names or "none"})',
            hint="run `gonogo register` in its repository",
        )
    return registration


async def _repository(context: Context, repository: str) -> None:
    if not repository.startswith("/"):
        raise InvalidInput(f'the repository must be an absolute path, not "{repository}"')
    await context.source.tags(repository)


async def _nothing_under_way(context: Context, service: str) -> None:
    for release in await context.store.releases(service, under_way=True):
        raise Conflict(
            f"{service} {release.version} is {release.stage.value}; its spec cannot change meanwhile",
            hint=f"wait for it (`gonogo watch {service}`), then register again",
        )


async def _ports_free(context: Context, plan: Plan) -> None:
    for other in await context.store.registrations():
        if other.service == plan.service:
            continue
        taken = {environment.port: environment.name for environment in other.plan.environments}
        for environment in plan.environments:
            if environment.port in taken:
                raise Conflict(
                    f"port {environment.port} of {environment.name} belongs to"
                    f" {other.service} in {taken[environment.port]}",
                    hint="choose another port in gonogo.yaml",
                )
