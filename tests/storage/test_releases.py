from dataclasses import replace
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa
from tests.storage.samples import (
    NOON,
    a_draft,
    a_look,
    a_message,
    a_plan,
    a_release,
    all_of,
    an_instruction,
    claimed,
    opened,
)

from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound, StaleLease
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.release import FINAL, InstructionKind, Stage, move
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change, Lease
from gonogo.storage.store import SqlStore
from gonogo.storage.tables import messages, releases


async def test_an_opened_release_is_read_back_as_it_was(store):
    release = replace(
        a_release(stage=Stage.PAUSED), came_from=Stage.CANARY, step=2, step_since=NOON, attempt=3
    )
    assert await store.open(release, a_draft(), ()) == release
    assert await store.release("r1") == release


async def test_an_unknown_release_is_none(store):
    assert await store.release("r1") is None


async def test_opening_the_same_id_again_gives_the_stored_release_and_changes_nothing(store):
    first = await store.open(a_release(), a_draft(), (a_message("m1"),))
    again = await store.open(
        replace(a_release(), version="v9", service="other"), a_draft(), (a_message("m2"),)
    )
    assert again == first
    assert len(await all_of(store.entries())) == 1
    assert [message.id for message in await store.waiting(NOON)] == ["m1"]


async def test_a_second_release_of_a_service_is_refused_with_a_pointer_to_the_first(store):
    await store.open(a_release("r1", stage=Stage.CANARY), a_draft(), ())
    with pytest.raises(Conflict) as refused:
        await store.open(a_release("r2"), a_draft("r2"), (a_message(),))
    assert str(refused.value) == (
        "orders v1.2.0 (release r1) is under way: canary since 2026-03-01 12:00:00 UTC"
    )
    assert refused.value.hint == "gonogo status r1"
    assert await store.release("r2") is None
    assert await store.waiting(NOON) == ()
    assert len(await all_of(store.entries())) == 1


async def test_another_service_may_release_at_the_same_time(store):
    await opened(store, "r1", "orders")
    await opened(store, "r2", "billing")
    assert len(await store.releases(under_way=True)) == 2


@pytest.mark.parametrize("stage", sorted(FINAL))
async def test_a_service_is_free_again_when_its_release_has_ended(store, stage):
    await store.open(a_release("r1", stage=stage), a_draft(), ())
    await opened(store, "r2")
    assert [each.id for each in await store.releases(under_way=True)] == ["r2"]


async def test_the_database_itself_refuses_two_releases_under_way(store):
    await opened(store, "r1")
    columns = [column for column in releases.c if column.name not in {"number", "id"}]
    twin = sa.select(sa.literal("r2").label("id"), *columns)
    insert = sa.insert(releases).from_select(["id", *(each.name for each in columns)], twin)
    with store._engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(insert)


async def test_releases_come_newest_first_and_can_be_narrowed(store):
    for number in range(4):
        service = "orders" if number % 2 else "billing"
        await store.open(
            a_release(f"r{number}", service, Stage.RELEASED), a_draft(f"r{number}"), ()
        )
    await opened(store, "r4")
    assert [each.id for each in await store.releases()] == ["r4", "r3", "r2", "r1", "r0"]
    assert [each.id for each in await store.releases("orders", limit=2)] == ["r4", "r3"]
    assert [each.id for each in await store.releases("billing")] == ["r2", "r0"]
    assert await store.releases("billing", under_way=True) == ()


async def test_a_change_is_stored_whole(store, clock):
    release, lease = await opened(store), await claimed(store)
    await store.instruct(an_instruction(), a_draft())
    slot = Slot("orders", "production", "a", SlotRole.CANARY, "v1.2.0", "c0ffee", "i7", 7002, 0.05)
    step = JournalEntry("r1", "production/migrate", StepState.STARTED, NOON)
    changed = await store.record(
        Change(
            move(release, Stage.CHECKING, clock.now(), "reading evidence"),
            lease,
            audit=a_draft(action="desk:release:checking"),
            slots=(slot,),
            messages=(a_message("m1"), a_message("m2")),
            journal=step,
            look=a_look(),
            judge=b"\x00memory",
            handled=("i1",),
        )
    )
    assert changed == await store.release("r1")
    assert (changed.stage, changed.revision) == (Stage.CHECKING, 1)
    assert (await store.slots("orders", "production"))[0] == slot
    assert [each.id for each in await store.waiting(NOON)] == ["m1", "m2"]
    assert await store.journal("r1") == (step,)
    assert await store.looks("r1") == (a_look(),)
    assert await store.judge_memory("r1") == b"\x00memory"
    assert await store.instructions("r1") == ()
    assert (await all_of(store.entries()))[-1].action == "desk:release:checking"


async def test_a_changed_plan_is_stored_with_its_release(store):
    release, lease = await opened(store), await claimed(store)
    other = replace(a_plan(), run="serve --faster")
    await store.record(Change(replace(release, plan=other), lease))
    stored = await store.release("r1")
    assert stored is not None
    assert stored.plan == other


async def test_each_change_follows_the_one_before_it(store):
    release, lease = await opened(store), await claimed(store)
    for expected in (1, 2, 3):
        release = await store.record(Change(release, lease))
        assert release.revision == expected


async def test_a_change_made_from_an_old_row_is_refused_whole(store):
    release, lease = await opened(store), await claimed(store)
    await store.record(Change(replace(release, reason="first"), lease))
    with pytest.raises(StaleLease, match="revision 1 is stored, the change follows revision 0"):
        await store.record(_everything(replace(release, reason="second"), lease))
    await _assert_nothing_but(store, "first")


async def test_the_desk_before_cannot_write_once_another_has_taken_over(store, clock):
    release, before = await opened(store), await claimed(store, desk="north")
    now = clock.forward(seconds=31)
    await claimed(store, desk="south", now=now)
    with pytest.raises(StaleLease, match="not driven by desk north, fence 1, any more"):
        await store.record(_everything(replace(release, reason="late"), before))
    await _assert_nothing_but(store, "asked for")


@pytest.mark.parametrize(
    "lease",
    [
        Lease("r1", "north", 2, NOON),
        Lease("r1", "south", 1, NOON),
        Lease("r2", "north", 1, NOON),
    ],
)
async def test_a_lease_that_was_never_given_cannot_write(store, lease):
    release, _ = await opened(store), await claimed(store, desk="north")
    with pytest.raises(StaleLease):
        await store.record(_everything(replace(release, reason="forged"), lease))
    await _assert_nothing_but(store, "asked for")


async def test_nothing_is_written_without_a_lease(store):
    release = await opened(store)
    with pytest.raises(StaleLease, match="but by nobody"):
        await store.record(Change(release, Lease("r1", "north", 1, NOON)))


async def test_a_change_of_an_unknown_release_is_refused(store):
    with pytest.raises(NotFound, match="there is no release r1"):
        await store.record(Change(a_release(), Lease("r1", "north", 1, NOON)))


async def test_a_look_of_another_release_is_refused_whole(store):
    release, lease = await opened(store), await claimed(store)
    with pytest.raises(ValueError, match="holds parts of"):
        await store.record(
            Change(replace(release, reason="x"), lease, look=a_look(release_id="r2"))
        )
    await _assert_nothing_but(store, "asked for")


async def test_a_time_without_a_zone_is_refused_and_nothing_is_changed(store):
    release, lease = await opened(store), await claimed(store)
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="without a time zone"):
        await store.record(_everything(replace(release, stage_since=naive, reason="x"), lease))
    await _assert_nothing_but(store, "asked for")


async def test_a_message_queued_twice_waits_once(store):
    release, lease = await opened(store), await claimed(store)
    release = await store.record(Change(release, lease, messages=(a_message(),)))
    await store.record(Change(release, lease, messages=(a_message(),)))
    with store._engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar() == 1


async def test_instructions_wait_in_order_until_a_change_answers_them(store):
    release, lease = await opened(store), await claimed(store)
    for number, kind in enumerate((InstructionKind.PAUSE, InstructionKind.RESUME)):
        await store.instruct(an_instruction(f"i{number}", kind), a_draft())
    assert [each.id for each in await store.instructions("r1")] == ["i0", "i1"]
    await store.record(Change(release, lease, handled=("i0",)))
    assert await store.instructions("r1") == (an_instruction("i1", InstructionKind.RESUME),)


async def test_the_same_instruction_twice_is_stored_and_audited_once(store):
    await opened(store)
    for _ in range(2):
        await store.instruct(an_instruction(), a_draft(action="cli:release:pause"))
    assert len(await store.instructions("r1")) == 1
    assert len(await all_of(store.entries())) == 2


async def test_an_instruction_to_an_unknown_release_is_refused(store):
    with pytest.raises(NotFound, match="there is no release r1"):
        await store.instruct(an_instruction(), a_draft())
    assert await all_of(store.entries()) == []


async def test_times_of_another_zone_come_back_as_the_same_instant_in_utc(store):
    east = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await store.open(replace(a_release(), created_at=east), a_draft(), ())
    stored = await store.release("r1")
    assert stored is not None
    assert stored.created_at == NOON
    assert stored.created_at.utcoffset() == timedelta(0)
    assert stored.created_at.microsecond == 123456


def _everything(release, lease) -> Change:
    return Change(
        release,
        lease,
        audit=a_draft(action="desk:release:late"),
        slots=(Slot("orders", "production", "a", SlotRole.CANARY),),
        messages=(a_message("late"),),
        journal=JournalEntry("r1", "late", StepState.DONE, NOON),
        look=a_look(),
        judge=b"late",
    )


async def _assert_nothing_but(store: SqlStore, reason: str) -> None:
    release = await store.release("r1")
    assert release is not None
    assert release.reason == reason
    assert [entry.action for entry in await all_of(store.entries())] == ["desk:release:open"]
    assert {slot.role for slot in await store.slots("orders", "production")} == {SlotRole.EMPTY}
    assert await store.waiting(NOON) == ()
    assert await store.journal("r1") == ()
    assert await store.looks("r1") == ()
    assert await store.judge_memory("r1") is None


async def test_of_two_people_who_saw_the_same_the_second_is_told_what_the_first_said(store):
    await store.open(a_release(), a_draft(), ())
    seen = max([entry.sequence async for entry in store.entries()])
    word = AuditDraft("ada", "person:release:pause", "r1", {"reason": "lunch"})
    await store.instruct(an_instruction("i1"), word, seen=seen)
    await store.instruct(an_instruction("i1"), word, seen=seen)  # the same word again is no other
    with pytest.raises(Conflict, match=r"ada was first: pause at .* UTC \(lunch\)"):
        await store.instruct(an_instruction("i2", InstructionKind.ROLL_BACK), word, seen=seen)
    assert [each.id for each in await store.instructions("r1")] == ["i1"]
