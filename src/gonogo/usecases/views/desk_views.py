"""What people are shown of releases and services, as plain data for JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gonogo.domain.audit import AuditEntry
from gonogo.domain.gate import Decision
from gonogo.domain.look import Look
from gonogo.domain.registration import Registration
from gonogo.domain.release import FINAL, WAITING, Release, Stage
from gonogo.domain.slot import Slot
from gonogo.domain.story import Story, figures
from gonogo.usecases.context import Context
from gonogo.usecases.desk.operation import ChainCheck
from gonogo.usecases.judging.assessed import gauge_view, kpi_view
from gonogo.usecases.releases.decisions import decision_view, told_blocking
from gonogo.usecases.services.specs import registration_of


def release_view(release: Release, last: Look | None = None) -> dict[str, Any]:
    """One release with the newest verdict on it."""
    steps = release.plan.rollout.steps
    inside = 0 <= release.step < len(steps)
    promoted = release.stage in {Stage.VERIFYING, Stage.WATCHING, Stage.RELEASED}
    share = 1.0 if promoted else steps[release.step].share if inside else 0.0
    back = release.stage in {Stage.ROLLING_BACK, Stage.VERIFYING_ROLLBACK, Stage.ROLLED_BACK}
    return {
        "id": release.id,
        "service": release.service,
        "version": release.version,
        "commit": release.commit,
        "previous": release.previous,
        "stage": release.stage.value,
        "stage_since": release.stage_since.isoformat(),
        "created_at": release.created_at.isoformat(),
        "final": release.stage in FINAL,
        "waits_for_person": release.stage in WAITING,
        "reason": release.reason,
        "actor": release.actor,
        "step": release.step + 1 if inside else 0,
        "steps": len(steps),
        "share": 0.0 if back else share,
        "exposed": release.exposed,
        "attempt": release.attempt,
        "revision": release.revision,
        "verdict": last.judgement.verdict.value if last else None,
        "sentence": last.judgement.sentence if last else None,
        "kpis": [kpi_view(kpi) for kpi in last.judgement.kpis] if last else [],
        "gauges": [gauge_view(found) for found in last.judgement.gauges] if last else [],
    }


def decided_view(decision: Decision | None) -> dict[str, Any] | None:
    """The last decision with a line for each gate that blocks; null when none was made."""
    if decision is None:
        return None
    return {**decision_view(decision), "blocking": told_blocking(decision)}


def intention(release: Release, *, own_spec: bool = False) -> list[str]:
    """What a release will do, in sentences, before it is started.

    `own_spec`: its version brings a gonogo.yaml that is not the registered one.
    """
    plan = release.plan
    places = " → ".join(environment.name for environment in plan.environments)
    said = [f"{release.service} {release.version} (commit {release.commit[:12]}) through {places}"]
    if release.previous is None:
        said.append(f"{plan.production.name} runs no version yet: nobody is there to compare with")
    else:
        steps = ", ".join(
            f"{step.share * 100:g} % for {step.hold.total_seconds():g} s"
            for step in plan.rollout.steps
        )
        said.append(f"customers: {steps}, then everyone; back to {release.previous} if it harms")
    names = ", ".join((*(kpi.name for kpi in plan.kpis), *(each.name for each in plan.gauges)))
    alarm = plan.rollout.false_alarm * 100
    said.append(f"judged by {names}; a good version is stopped in at most {alarm:g} % of releases")
    if own_spec:
        said.append(
            "its own gonogo.yaml differs from the registered one, which counts until the change is"
            " approved by `gonogo register`"
        )
    if release.attempt > 1:
        said.append(
            f"it is attempt {release.attempt} of this commit: its false-alarm budget is smaller"
        )
    return said


def figures_view(story: Story) -> dict[str, Any]:
    """The figures of one release; null where nothing was recorded."""
    found = asdict(figures(story))
    release = story.release
    shown = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
    }
    return {"id": release.id, "service": release.service, "version": release.version, **shown}


def chain_view(found: ChainCheck) -> dict[str, Any]:
    """Whether the audit chain holds, and its first broken entry."""
    return {
        "holds": found.broken is None,
        "entries": found.entries,
        "head": found.head,
        "broken": entry_view(found.broken) if found.broken else None,
        "reason": found.reason,
    }


def entry_view(entry: AuditEntry) -> dict[str, Any]:
    """One audit entry."""
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "data": dict(entry.data),
        "digest": entry.digest,
    }


async def services_view(context: Context) -> list[dict[str, Any]]:
    """Every service with what serves each of its environments and what is under way."""
    slots: dict[tuple[str, str], list[Slot]] = {}
    for slot in await context.store.all_slots():
        slots.setdefault((slot.service, slot.environment), []).append(slot)
    under_way: dict[str, list[Release]] = {}
    for release in await context.store.releases(under_way=True, limit=_EVERY):
        under_way.setdefault(release.service, []).append(release)
    return [
        _service_view(
            registration,
            {
                each.name: slots.get((registration.service, each.name), ())
                for each in registration.plan.environments
            },
            under_way.get(registration.service, ()),
        )
        for registration in await context.store.registrations()
    ]


async def service_view(context: Context, service: str) -> dict[str, Any]:
    """One service like `services_view`. Raises NotFound naming those that are known."""
    registration = await registration_of(context, service)
    slots = {
        each.name: await context.store.slots(service, each.name)
        for each in registration.plan.environments
    }
    under_way = await context.store.releases(service, under_way=True)
    return _service_view(registration, slots, under_way)


_EVERY = 100_000
"""More releases than can be under way, as a service has one at most."""


def _service_view(
    registration: Registration,
    slots: Mapping[str, Iterable[Slot]],
    under_way: Iterable[Release],
) -> dict[str, Any]:
    return {
        "service": registration.service,
        "repository": registration.repository,
        "digest": registration.plan.digest,
        "registered_by": registration.actor,
        "registered_at": registration.at.isoformat(),
        "environments": [
            {
                "environment": environment.name,
                "url": environment.url,
                "slots": [
                    {
                        "slot": slot.name,
                        "role": slot.role.value,
                        "version": slot.version,
                        "address": slot.address,
                        "share": slot.share,
                        "adopted": slot.adopted,
                    }
                    for slot in slots[environment.name]
                    if slot.instance is not None
                ],
            }
            for environment in registration.plan.environments
        ],
        "under_way": [release_view(release) for release in under_way],
    }
