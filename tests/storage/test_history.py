from dataclasses import replace
from datetime import timedelta

from tests.storage.samples import NOON, a_look, claimed, opened

from gonogo.domain.journal import JournalEntry, StepState
from gonogo.ports.store import Change

SECOND = timedelta(seconds=1)


async def test_the_journal_shows_the_newest_entry_of_each_step_in_the_order_they_were_begun(store):
    release, lease = await opened(store), await claimed(store)
    upgrade = JournalEntry("r1", "production/upgrade", StepState.STARTED, NOON)
    hook = JournalEntry("r1", "production/after", StepState.STARTED, NOON + SECOND)
    done = replace(upgrade, state=StepState.DONE, ended_at=NOON + 2 * SECOND, output="ok\n")
    for entry in (upgrade, hook, done):
        release = await store.record(Change(release, lease, journal=entry))
    assert await store.journal("r1") == (done, hook)
    assert await store.journal("r2") == ()


async def test_steps_begun_at_the_same_instant_keep_their_order(store):
    release, lease = await opened(store), await claimed(store)
    entries = [JournalEntry("r1", name, StepState.DONE, NOON) for name in ("z", "a", "m")]
    for entry in entries:
        release = await store.record(Change(release, lease, journal=entry))
    assert [entry.step for entry in await store.journal("r1")] == ["z", "a", "m"]


async def test_all_looks_come_back_in_order_however_many(in_memory):
    release, lease = await opened(in_memory), await claimed(in_memory)
    await opened(in_memory, "r2", "billing")
    for number in range(1, 451):
        release = await in_memory.record(Change(release, lease, look=a_look(number)))
    assert await in_memory.looks("r1") == tuple(a_look(number) for number in range(1, 451))
    assert await in_memory.looks("r2") == ()


async def test_the_judges_memory_is_that_of_the_last_look(store):
    release, lease = await opened(store), await claimed(store)
    assert await store.judge_memory("r1") is None
    for memory in (b"one", b"", b"three"):
        release = await store.record(Change(release, lease, judge=memory))
        assert await store.judge_memory("r1") == memory
    await store.record(Change(release, lease, look=a_look()))
    assert await store.judge_memory("r1") == b"three"
