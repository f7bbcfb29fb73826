"""What the board reads of everything at once."""

from dataclasses import replace

from tests.storage.samples import (
    NOON,
    a_draft,
    a_look,
    a_registration,
    a_release,
)

from gonogo.domain.audit import AuditDraft
from gonogo.domain.paper import FREEZE, Flag, Paper
from gonogo.domain.release import Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change

DECIDED = "gates:release:"


async def test_a_release_under_way_comes_with_its_newest_look_and_decision(store):
    await store.register(a_registration(), a_draft("orders"))
    release = await store.open(a_release(), a_draft(), ())
    assert [(each.look, each.decision) for each in await store.under_way(DECIDED)] == [(None, None)]
    lease = await store.claim("r1", "here", NOON, NOON)
    for action in (f"{DECIDED}hold", f"{DECIDED}go", "desk:release:staging"):
        release = await store.record(Change(release, lease, AuditDraft("desk", action, "r1")))
    for second in range(3):
        look = replace(a_look(), at=NOON.replace(second=second))
        release = await store.record(Change(release, lease, look=look, judge=b"seen"))
    (found,) = await store.under_way(DECIDED)
    assert found.release == release
    assert found.look == look
    assert found.decision.action == f"{DECIDED}go"


async def test_a_service_comes_with_what_runs_its_flags_and_its_last_ended_release(store):
    for service in ("orders", "shop"):
        await store.register(a_registration(service), a_draft(service))
    for number, stage in enumerate((Stage.RELEASED, Stage.ROLLED_BACK, Stage.CANARY)):
        await store.open(a_release(f"r{number}", stage=stage), a_draft(f"r{number}"), ())
    lease = await store.claim("r2", "here", NOON, NOON)
    slot = Slot("orders", "production", "b", SlotRole.CANARY, "v2", "c", "r2-b", 9001, 0.05)
    await store.record(Change(await store.release("r2"), lease, a_draft("r2"), (slot,)))
    flag = Paper("p1", "orders", None, NOON, "ada", (), Flag(FREEZE, True, "a sale"))
    of_version = replace(flag, id="p2", commit="c0ffee")
    await store.file((flag, of_version), a_draft("orders"))
    orders, shop = await store.service_states()
    assert (orders.slots, orders.papers) == ((slot,), (flag,))
    assert (orders.last.id, shop.last) == ("r1", None)
    assert (shop.slots, shop.papers) == ((), ())


async def test_nothing_known_is_an_empty_board(store):
    assert (await store.under_way(DECIDED), await store.service_states()) == ((), ())
