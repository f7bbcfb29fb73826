from dataclasses import replace

import pytest
from tests.storage.samples import NOON, a_draft, a_registration, a_release, all_of, opened

from gonogo.domain.adoption import Adoption, newest_of
from gonogo.domain.errors import Conflict
from gonogo.domain.message import Message
from gonogo.domain.release import Stage
from gonogo.domain.slot import Slot, SlotRole, empty

ADOPTION = Adoption("old", "orders", "production", "v1", "c0ffee", "10.0.0.7", 8000, "olga", NOON)
HELD = Slot(
    "orders",
    "production",
    "a",
    SlotRole.BASELINE,
    "v1",
    "c0ffee",
    "old.production",
    8000,
    1.0,
    host="10.0.0.7",
    adopted=True,
)


async def adopted(store, slot=HELD, adoption=ADOPTION):
    release = replace(
        a_release(adoption.release),
        service="orders",
        version=adoption.version,
        commit=adoption.commit,
        stage=Stage.ADOPTED,
        created_at=adoption.at,
        actor=adoption.actor,
    )
    await store.adopt(adoption, release, (slot,), a_draft(release.id, "person:service:adopt"))
    return release


async def test_an_adoption_is_stored_with_its_release_its_slot_and_its_audit_entry(store):
    await store.register(a_registration(), a_draft("orders"))
    (read, *_) = await store.slots("orders", "production")
    release = await adopted(store, replace(HELD, revision=read.revision))
    assert await store.adoptions("orders") == (ADOPTION,)
    assert await store.release("old") == release
    assert (await store.slots("orders", "production"))[0] == HELD
    assert [entry.subject for entry in await all_of(store.entries())] == ["orders", "old"]
    assert await store.adoptions("payments") == ()


async def test_what_was_adopted_does_not_stand_in_the_way_of_a_release(store):
    await adopted(store)
    await opened(store)


async def test_nothing_is_adopted_while_a_release_is_under_way(store):
    await opened(store)
    with pytest.raises(Conflict, match="is under way"):
        await adopted(store)
    assert await store.adoptions() == ()


async def test_rows_that_were_changed_since_they_were_read_are_not_replaced(store):
    await adopted(store)
    slots = await store.slots("orders", "production")
    told = Message("m1", "old", "desk:adopted:gone", "gone", NOON)
    out = replace(slots[0], role=SlotRole.RETIRING, share=0.0)
    await store.rearrange((out,), a_draft("old", "one"), (told,))
    with pytest.raises(Conflict, match="changed meanwhile"):
        await store.rearrange((empty(slots[0]),), a_draft("old", "two"))
    assert (await store.slots("orders", "production"))[0].role is SlotRole.RETIRING
    assert [each.message.id for each in await store.deliveries("old")] == ["m1"]


async def test_the_last_adoption_of_an_environment_is_found_again(store):
    await adopted(store)
    (slot, *_) = await store.slots("orders", "production")
    later = replace(ADOPTION, release="new", version="v2", at=NOON.replace(year=NOON.year + 1))
    await adopted(store, replace(HELD, instance="new.production", revision=slot.revision), later)
    known = await store.adoptions()
    assert known == (later, ADOPTION)
    assert newest_of(known, "orders", "production") == later
    assert newest_of(known, "orders", "staging") is None
