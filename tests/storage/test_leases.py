import asyncio
from datetime import timedelta

import pytest
from tests.storage.samples import NOON, StandingClock, opened

from gonogo.domain.errors import NotFound
from gonogo.storage.store import open_store

SPAN = timedelta(seconds=30)


async def test_a_free_release_is_given_to_who_asks(store):
    await opened(store)
    lease = await store.claim("r1", "north", NOON, NOON + SPAN)
    assert lease is not None
    assert (lease.desk, lease.fence, lease.until) == ("north", 1, NOON + SPAN)


async def test_a_lease_that_another_holds_is_not_given(store):
    await opened(store)
    await store.claim("r1", "north", NOON, NOON + SPAN)
    just_before = NOON + SPAN - timedelta(microseconds=1)
    assert await store.claim("r1", "south", just_before, just_before + SPAN) is None


async def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_fence(store):
    await opened(store)
    await store.claim("r1", "north", NOON, NOON + SPAN)
    taken = await store.claim("r1", "south", NOON + SPAN, NOON + 2 * SPAN)
    assert taken is not None
    assert (taken.desk, taken.fence) == ("south", 2)


@pytest.mark.parametrize("after", [SPAN / 2, SPAN * 2])
async def test_renewing_ones_own_lease_keeps_its_fence(store, after):
    await opened(store)
    await store.claim("r1", "north", NOON, NOON + SPAN)
    renewed = await store.claim("r1", "north", NOON + after, NOON + after + SPAN)
    assert renewed is not None
    assert (renewed.fence, renewed.until) == (1, NOON + after + SPAN)


async def test_a_desk_that_takes_a_release_back_gets_a_new_fence(store):
    await opened(store)
    fences = []
    for turn, desk in enumerate(("north", "south", "north")):
        lease = await store.claim("r1", desk, NOON + turn * SPAN, NOON + (turn + 1) * SPAN)
        assert lease is not None
        fences.append(lease.fence)
    assert fences == [1, 2, 3]


async def test_an_unknown_release_cannot_be_claimed(store):
    with pytest.raises(NotFound, match="there is no release r1"):
        await store.claim("r1", "north", NOON, NOON + SPAN)


async def test_of_many_desks_that_claim_at_once_one_wins(shared_url):
    desks = [open_store(shared_url, StandingClock()) for _ in range(4)]
    try:
        for number in range(10):
            await opened(desks[0], f"r{number}", f"service{number}")
            leases = await asyncio.gather(
                *(
                    desk.claim(f"r{number}", f"desk{place}", NOON, NOON + SPAN)
                    for place, desk in enumerate(desks)
                )
            )
            assert len([lease for lease in leases if lease is not None]) == 1
    finally:
        for desk in desks:
            await desk.close()
