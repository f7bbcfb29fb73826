from dataclasses import replace

import sqlalchemy as sa
from tests.storage.samples import a_draft, a_registration, all_of, claimed, opened

from gonogo.domain.audit import first_broken
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change
from gonogo.storage.store import SqlStore
from gonogo.storage.tables import specs


async def test_what_was_registered_is_read_back_as_it_was(store):
    registration = a_registration()
    await store.register(registration, a_draft("orders"))
    assert await store.registration("orders") == registration


async def test_an_unknown_service_has_no_registration(store):
    assert await store.registration("orders") is None
    assert await store.registrations() == ()


async def test_registrations_come_by_name(store):
    for name in ("shop", "billing", "orders"):
        await store.register(a_registration(name, digest=name), a_draft(name))
    assert [each.service for each in await store.registrations()] == ["billing", "orders", "shop"]


async def test_registering_again_replaces_but_keeps_every_spec(store):
    await store.register(a_registration(digest="old"), a_draft("orders"))
    newer = replace(a_registration(digest="new"), repository="/srv/git/moved", actor="bob")
    await store.register(newer, a_draft("orders"))
    assert await store.registrations() == (newer,)
    assert _digests(store) == {"old", "new"}


async def test_going_back_to_an_old_spec_is_possible(store):
    first = a_registration(digest="old")
    for registration in (first, a_registration(digest="new"), first):
        await store.register(registration, a_draft("orders"))
    assert await store.registration("orders") == first


async def test_registering_is_written_into_the_audit_chain(store):
    await store.register(a_registration(), a_draft("orders", "cli:service:register", digest="d1"))
    (entry,) = await all_of(store.entries())
    assert (entry.action, entry.data) == ("cli:service:register", {"digest": "d1"})
    assert first_broken([entry]) is None


async def test_slots_of_an_environment_nobody_registered_are_empty(store):
    assert await store.slots("orders", "production") == tuple(
        Slot("orders", "production", name) for name in "abc"
    )


async def test_registering_again_leaves_running_slots_alone(store):
    await store.register(a_registration(), a_draft("orders"))
    release, lease = await opened(store), await claimed(store)
    running = Slot(
        "orders",
        "production",
        "b",
        SlotRole.BASELINE,
        "v1",
        "c1",
        "i1",
        7001,
        0.95,
        True,
        "10.0.0.7",
    )
    await store.record(Change(release, lease, slots=(running,)))
    await store.register(a_registration(digest="new"), a_draft("orders"))
    a, b, c = await store.slots("orders", "production")
    assert b == running
    assert {a.role, c.role} == {SlotRole.EMPTY}
    assert {slot.role for slot in await store.slots("orders", "staging")} == {SlotRole.EMPTY}


def _digests(store: SqlStore) -> set[str]:
    with store._engine.connect() as connection:
        return set(connection.execute(sa.select(specs.c.digest)).scalars())
