"""What a desk that looks again and again is told of everything."""

from datetime import timedelta

from tests.storage.samples import NOON, a_draft, a_registration, a_release, an_instruction

from gonogo.ports.store import Change

SPAN = timedelta(seconds=30)
MANY = 130


async def opened(store, count):
    for number in range(count):
        release = a_release(f"r{number}", service=f"shop-{number}")
        await store.open(release, a_draft(number=number), ())


async def test_every_release_under_way_is_told_however_many_there_are(store):
    await opened(store, MANY)
    assert await store.services_under_way() == {f"r{n}": f"shop-{n}" for n in range(MANY)}


async def test_a_registration_is_told_with_the_stamp_by_which_a_change_is_seen(store):
    registration = a_registration()
    await store.register(registration, a_draft("orders"))
    told = await store.registered()
    assert told == {registration.service: (registration.plan.digest, registration.at)}


async def test_a_release_has_words_until_a_change_answers_them(store):
    await opened(store, 2)
    await store.instruct(an_instruction(), a_draft())
    assert await store.with_words() == {"r1"}
    lease = await store.claim("r1", "north", NOON, NOON + SPAN)
    release = await store.release("r1")
    handled = (an_instruction().id,)
    await store.record(Change(release, lease, audit=a_draft(), handled=handled))
    assert await store.with_words() == frozenset()


async def test_whatever_is_audited_moves_the_newest_entry_and_looks_do_not(store):
    before = await store.newest_entry()
    await opened(store, 1)
    opened_at = await store.newest_entry()
    assert opened_at > before
    lease = await store.claim("r0", "north", NOON, NOON + SPAN)
    release = await store.release("r0")
    await store.record(Change(release, lease, judge=b"memory"))
    assert await store.newest_entry() == opened_at


async def test_the_first_lease_of_another_desk_that_ends_is_told(store):
    await opened(store, 4)
    assert await store.first_to_be_free("north", NOON) is None
    await store.claim("r0", "north", NOON, NOON + SPAN / 3)
    await store.claim("r1", "south", NOON, NOON + SPAN)
    await store.claim("r2", "south", NOON, NOON + SPAN / 2)
    await store.claim("r3", "south", NOON - SPAN, NOON - SPAN / 2)
    left = await store.first_to_be_free("north", NOON)
    assert left is not None
    assert SPAN / 2 - timedelta(seconds=5) < left <= SPAN / 2
