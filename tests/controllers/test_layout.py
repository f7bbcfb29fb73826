"""From rows to what the router and the deployer are asked for."""

from dataclasses import replace

from tests.plans import START, a_plan
from tests.scripted_platform import scripts

from gonogo.controllers.layout import (
    follows,
    instance_of,
    layout_of,
    promoted,
    shared,
    take_out,
)
from gonogo.domain.ground import PROCESSES
from gonogo.domain.registration import Registration
from gonogo.domain.slot import RouterReading, Slot, SlotReading, SlotRole, Target

PLAN = a_plan()
REGISTERED = Registration("shop", "/repository", "", PLAN, "qa", START, "secret")


def slot(name: str, role: SlotRole, share: float = 0.0, *, testers: bool = False) -> Slot:
    port = {"a": 5001, "b": 5002, "c": 5003}[name]
    identity = f"r-{name}.production"
    return Slot(
        "shop", "production", name, role, f"v-{name}", "c" * 40, identity, port, share, testers
    )


def roles(slots: tuple[Slot, ...]) -> dict[str, tuple[SlotRole, float]]:
    return {slot.name: (slot.role, slot.share) for slot in slots}


BASELINE = slot("a", SlotRole.BASELINE, 1.0, testers=True)
CANARY = slot("b", SlotRole.CANARY, testers=True)
EMPTY = Slot("shop", "production", "c")


def test_a_step_gives_the_canary_its_share_and_the_baseline_the_rest() -> None:
    rows = shared((BASELINE, CANARY, EMPTY), "r-b.production", 0.05)
    assert roles(rows) == {"a": (SlotRole.BASELINE, 0.95), "b": (SlotRole.CANARY, 0.05)}


def test_promotion_gives_everyone_to_the_canary_and_keeps_the_version_before() -> None:
    rows = promoted((BASELINE, CANARY, EMPTY), "r-b.production")
    assert roles(rows) == {"a": (SlotRole.PREVIOUS, 0.0), "b": (SlotRole.BASELINE, 1.0)}


def test_promotion_retires_what_was_kept_from_the_time_before_last() -> None:
    oldest = slot("c", SlotRole.PREVIOUS)
    rows = promoted((BASELINE, CANARY, oldest), "r-b.production")
    assert roles(rows)["c"] == (SlotRole.RETIRING, 0.0)


def test_a_canary_is_taken_back_to_the_baseline() -> None:
    canary = replace(CANARY, share=0.05)
    rows = take_out((replace(BASELINE, share=0.95), canary, EMPTY), "r-b.production")
    assert roles(rows) == {"a": (SlotRole.BASELINE, 1.0), "b": (SlotRole.RETIRING, 0.0)}
    assert not any(each.testers for each in rows if each.name == "b")


def test_a_promoted_version_is_taken_back_to_the_one_before() -> None:
    previous, ours = slot("a", SlotRole.PREVIOUS), slot("b", SlotRole.BASELINE, 1.0)
    rows = take_out((previous, ours, EMPTY), "r-b.production")
    assert roles(rows) == {"a": (SlotRole.BASELINE, 1.0), "b": (SlotRole.RETIRING, 0.0)}


def test_a_withdrawn_instance_gets_nobody_whatever_its_row_says() -> None:
    rows = (replace(BASELINE, share=0.95), replace(CANARY, share=0.05), EMPTY)
    layout = layout_of(REGISTERED, PLAN.production, rows, {"r-b.production"})
    assert layout.targets == (
        Target("a", "127.0.0.1:5001", 1.0, testers=True, instance="r-a.production"),
        Target("b", "127.0.0.1:5002", 0.0, testers=False, instance="r-b.production"),
        Target("c", None, 0.0, testers=False),
    )


def test_what_runs_in_a_slot_knows_its_port_and_its_version() -> None:
    assert instance_of(CANARY, PLAN, PLAN.production).line == "serve --port 5002"
    assert instance_of(CANARY, PLAN, PLAN.production).variables["VERSION"] == "v-b"


def reading(share: float, *, up: bool = True, address: str = "127.0.0.1:5001") -> RouterReading:
    return RouterReading(
        1,
        {
            "a": SlotReading("a", address, up, True, share, 0),
            "b": SlotReading("b", None, False, False, 0.0, 0),
            "c": SlotReading("c", None, False, False, 0.0, 0),
        },
    )


def test_a_router_that_differs_from_the_rows_is_noticed() -> None:
    rows = (BASELINE, Slot("shop", "production", "b"), EMPTY)
    layout = layout_of(REGISTERED, PLAN.production, rows)
    assert follows(reading(1.0), layout)
    assert not follows(reading(0.5), layout)
    assert not follows(reading(1.0, address="127.0.0.1:9"), layout)
    assert not follows(None, layout)


def test_a_platform_that_shares_customers_is_told_of_instances_and_of_no_testers() -> None:
    ground = scripts(weight=True)
    layout = layout_of(REGISTERED, replace(PLAN.production, ground=ground), (BASELINE, CANARY))
    assert layout.ground is ground
    assert [each.instance for each in layout.targets] == ["r-a.production", "r-b.production"]
    assert not any(each.testers for each in layout.targets)


def test_what_runs_stays_on_the_ground_of_the_plan_that_it_was_released_by() -> None:
    changed = replace(PLAN.production, ground=scripts())
    assert instance_of(BASELINE, PLAN, changed).ground == PROCESSES
    newer = replace(PLAN, environments=(changed,))
    assert instance_of(BASELINE, newer, changed).ground == scripts()
