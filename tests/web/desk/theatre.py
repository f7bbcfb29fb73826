"""Stories put into a desk's store, so that its pages show them."""

from dataclasses import replace
from datetime import timedelta

from tests.papers import Desk

from gonogo.domain.audit import AuditDraft
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.story import Story
from gonogo.ports.store import Change


async def play(desk: Desk, story: Story) -> Release:
    """Store a story as a desk would have; returns its release as it is stored."""
    wanted = story.release
    plan = wanted.plan
    registration = Registration(plan.service, f"/{plan.service}", "", plan, "dana", story.at, "s")
    audit = AuditDraft("dana", "person:service:register", plan.service)
    if await desk.store.registration(plan.service) is None:
        await desk.store.register(registration, audit)
    first, *rest = story.audit
    desk.clock.time = first.at
    draft = AuditDraft(first.actor, first.action, wanted.id, dict(first.data))
    release = await desk.store.open(replace(wanted, revision=0), draft, ())
    for entry in rest:
        desk.clock.time = entry.at
        await desk.store.append(AuditDraft(entry.actor, entry.action, wanted.id, dict(entry.data)))
    now = story.at
    desk.clock.time = now
    lease = await desk.store.claim(release.id, "desk", now, now + timedelta(hours=1))
    assert lease is not None
    for look in story.looks:
        kept = replace(look, release=wanted.id)
        release = await desk.store.record(Change(release, lease, look=kept))
    for entry in story.journal:
        kept_step = replace(entry, release=wanted.id)
        release = await desk.store.record(Change(release, lease, journal=kept_step))
    return release
