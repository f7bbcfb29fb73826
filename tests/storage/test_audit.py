import asyncio

import pytest
import sqlalchemy as sa
from tests.storage.samples import NOON, StandingClock, a_draft, all_of

from gonogo.domain.audit import first_broken
from gonogo.storage.store import SqlStore, open_store


async def test_an_entry_is_returned_as_it_is_read_back(store):
    entry = await store.append(a_draft(share=0.1, names=("a", "b"), nested={"ü": None}))
    assert await all_of(store.entries()) == [entry]
    assert entry.at == NOON
    assert entry.data == {"share": 0.1, "names": ["a", "b"], "nested": {"ü": None}}


async def test_the_chain_holds_over_many_pages(in_memory):
    for number in range(450):
        await in_memory.append(a_draft(number=number))
    entries = await all_of(in_memory.entries())
    assert len(entries) == 450
    assert first_broken(entries) is None


async def test_keys_that_are_numbers_do_not_break_the_chain(store):
    await store.append(a_draft(counts={2: "b", 10: "a"}))
    assert first_broken(await all_of(store.entries())) is None


async def test_entries_can_be_read_of_one_subject_and_from_one_place_on(store):
    for number in range(6):
        await store.append(a_draft("even" if number % 2 == 0 else "odd", number=number))
    even = await all_of(store.entries(subject="even", after=1))
    assert [entry.sequence for entry in even] == [3, 5]
    assert [entry.sequence for entry in await all_of(store.entries(after=4))] == [5, 6]


async def test_two_desks_that_write_at_once_make_one_chain(shared_url):
    desks = [open_store(shared_url, StandingClock()) for _ in range(2)]
    try:
        await asyncio.gather(
            *(desk.append(a_draft(number=number)) for number in range(50) for desk in desks)
        )
        entries = await all_of(desks[0].entries())
    finally:
        for desk in desks:
            await desk.close()
    assert len(entries) == 100
    assert first_broken(entries) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'eve' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 3",
        "INSERT OR REPLACE INTO audit SELECT sequence, at, 'eve', action, subject, data,"
        " previous, digest FROM audit WHERE sequence = 2",
        "TRUNCATE audit",
    ],
)
async def test_the_database_refuses_to_rewrite_the_chain(store, statement):
    before = await _three_entries(store)
    unknown = "TRUNCATE" if store._engine.dialect.name == "sqlite" else "OR REPLACE"
    if unknown in statement:
        pytest.skip("this database knows no such statement")
    with pytest.raises(sa.exc.DatabaseError, match="audit entries are never"):
        _run(store, statement)
    assert await all_of(store.entries()) == before


@pytest.mark.parametrize(
    ("statement", "sequence", "why"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE sequence = 2", 2, "changed after it was written"),
        ("UPDATE audit SET data = '{}' WHERE sequence = 1", 1, "changed after it was written"),
        ("DELETE FROM audit WHERE sequence = 2", 3, "entry 2 is missing"),
    ],
)
async def test_who_gets_round_the_guards_is_seen_in_the_chain(store, statement, sequence, why):
    await _three_entries(store)
    _without_guards(store, statement)
    broken = first_broken(await all_of(store.entries()))
    assert broken is not None
    assert broken[0].sequence == sequence
    assert why in broken[1]


async def test_entries_cut_off_the_end_leave_a_gap(store):
    await _three_entries(store)
    _without_guards(store, "DELETE FROM audit WHERE sequence = 3")
    await store.append(a_draft())
    broken = first_broken(await all_of(store.entries()))
    assert broken is not None
    assert broken[1] == "entry 3 is missing before it"


async def test_data_that_json_cannot_hold_is_refused_and_the_chain_goes_on(store):
    with pytest.raises(TypeError):
        await store.append(a_draft(at=NOON))
    assert (await store.append(a_draft())).sequence == 1


async def _three_entries(store: SqlStore) -> list:
    return [await store.append(a_draft(number=number)) for number in range(3)]


def _run(store: SqlStore, *statements: str) -> None:
    with store._engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _without_guards(store: SqlStore, statement: str) -> None:
    if store._engine.dialect.name == "sqlite":
        guards = ("audit_keeps_what_it_says", "audit_keeps_what_it_has", "audit_replaces_nothing")
        _run(store, *(f"DROP TRIGGER {guard}" for guard in guards), statement)
    else:
        _run(store, "ALTER TABLE audit DISABLE TRIGGER USER", statement)
