"""A desk that moves from SQLite to PostgreSQL takes everything along, or leaves everything as it was."""

import sqlite3
from datetime import timedelta

import pytest
from tests.storage.samples import (
    NOON,
    StandingClock,
    a_draft,
    a_look,
    a_message,
    a_registration,
    a_release,
    all_of,
    claimed,
    opened,
    url_of,
)

from gonogo.domain.audit import first_broken
from gonogo.domain.errors import Conflict, InvalidInput, NeedsPerson
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change
from gonogo.storage.moving import move
from gonogo.storage.store import open_store


async def _live(url):
    """A desk's life, with a bit of everything."""
    store = open_store(url, StandingClock())
    await store.register(a_registration(), a_draft("orders", "person:service:registered"))
    release, lease = await opened(store), await claimed(store)
    for number in range(1, 40):
        release = await store.record(
            Change(
                release,
                lease,
                audit=a_draft(number=number, text="ü ✓"),
                slots=(Slot("orders", "production", "a", SlotRole.CANARY, version=f"v{number}"),),
                messages=(a_message(f"m{number}"),),
                journal=JournalEntry("r1", f"step {number}", StepState.DONE, NOON, output="a\0b"),
                look=a_look(number),
                judge=bytes([number, 0, 255]),
            )
        )
    return store


async def _all(store):
    return {
        "registrations": await store.registrations(),
        "releases": await store.releases(),
        "slots": await store.slots("orders", "production"),
        "revisions": [slot.revision for slot in await store.slots("orders", "production")],
        "looks": await store.looks("r1"),
        "memory": await store.judge_memory("r1"),
        "chain": await all_of(store.entries()),
        "lease": await store.claim("r1", "north", NOON, NOON + timedelta(seconds=30)),
    }


@pytest.fixture
def empty_postgres(postgres):
    url = postgres.fresh()
    yield url
    postgres.drop(url)


@pytest.mark.slow
async def test_everything_is_found_again(file, empty_postgres):
    store = await _live(url_of(file))
    before = await _all(store)
    await store.close()
    moved = move(url_of(file), empty_postgres, "attic")
    there = open_store(empty_postgres, StandingClock())
    try:
        assert await _all(there) == before
        journal = await there.journal("r1")
        assert [entry.step for entry in journal] == [f"step {n}" for n in range(1, 40)]
        assert journal[0].output == "a\ufffdb"
        assert set((await there.places()).values()) == {"attic"}
        assert moved.entries == len(before["chain"]) == 41
        assert moved.rows["looks"] == 39
        again = await there.open(a_release("r2", "invoices"), a_draft("r2"), (a_message("new"),))
        assert (await there.releases())[0] == again
        assert first_broken(await all_of(there.entries())) is None
        assert len(await there.waiting(NOON, 99)) == 40
    finally:
        await there.close()
    untouched = open_store(url_of(file), StandingClock())
    assert await _all(untouched) == before
    await untouched.close()


@pytest.mark.slow
async def test_a_target_that_is_not_empty_is_refused(file, postgres_url):
    await (await _live(url_of(file))).close()
    there = open_store(postgres_url, StandingClock())
    await opened(there, "r7", "invoices")
    with pytest.raises(Conflict, match="is not empty: its table audit has rows"):
        move(url_of(file), postgres_url, "attic")
    assert [release.id for release in await there.releases()] == ["r7"]
    await there.close()


@pytest.mark.slow
async def test_a_chain_that_does_not_hold_is_not_moved_and_the_target_stays_empty(
    file, empty_postgres, postgres
):
    await (await _live(url_of(file))).close()
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER audit_keeps_what_it_says")
        connection.execute("UPDATE audit SET actor = 'eve' WHERE sequence = 7")
    connection.close()
    with pytest.raises(NeedsPerson, match="entry 7 of the audit chain does not hold"):
        move(url_of(file), empty_postgres, "attic")
    name = empty_postgres.rpartition("/")[2]
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", name) == [
        (0,)
    ]


@pytest.mark.slow
async def test_a_desk_may_have_been_born_yesterday(file, empty_postgres):
    await open_store(url_of(file), StandingClock()).close()
    assert move(url_of(file), empty_postgres, "attic").entries == 0
    there = open_store(empty_postgres, StandingClock())
    assert (await there.append(a_draft())).sequence == 1
    await there.close()


def test_a_desk_is_not_moved_to_another_file(file):
    with pytest.raises(InvalidInput, match="is moved to PostgreSQL"):
        move(url_of(file), f"sqlite:///{file}.new", "attic")
    assert not file.exists()
