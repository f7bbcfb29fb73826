"""Waivers and freezes: who may, how long, and for what."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.papers import CI, LEAD, NEW, OPS, QA, Desk, a_desk, shop_plan
from tests.plans import START

from gonogo.domain.actor import Actor, Role
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotAllowed, NotFound
from gonogo.domain.gate import GateKind, GateMode
from gonogo.domain.gate_rules import CoverageRule, LintRule, TestsRule
from gonogo.domain.paper import Flag, Paper, Waiver
from gonogo.usecases.gates.sign_offs import withdraw
from gonogo.usecases.gates.waivers import freeze, frozen, waive

REASON = "the suite runs again on Monday"
GATES = (
    TestsRule(),
    CoverageRule(mode=GateMode.OFF, because="no tests"),
    LintRule(mode=GateMode.ADVISORY),
)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk(shop_plan(gates=GATES)) as made:
        yield made


async def waives(desk: Desk, actor: Actor = LEAD, **changes: object) -> Paper:
    values = {
        "service": "shop",
        "gate": "tests",
        "role": Role.TECH_LEAD,
        "reason": REASON,
        "until": "14d",
        **changes,
    }
    return await waive(desk.context, actor, **values)  # type: ignore[arg-type]


async def test_a_waiver_is_for_one_commit_or_for_the_service(desk: Desk) -> None:
    of_version, of_service = await waives(desk, version="v1.2.0"), await waives(desk)
    assert (of_version.commit, of_service.commit) == (NEW, None)
    until = START + timedelta(days=14)
    assert of_service.content == Waiver(GateKind.TESTS, Role.TECH_LEAD, REASON, until)
    actions = [entry.action async for entry in desk.store.entries(subject="shop")]
    assert actions[-2:] == ["person:version:waiver", "person:service:waiver"]


@pytest.mark.parametrize(
    ("actor", "changes", "kind", "said"),
    [
        (QA, {}, NotAllowed, "quinn (QA) may not waive a gate"),
        (LEAD, {"role": Role.SECURITY}, NotAllowed, "lee does not have the role security"),
        (LEAD, {"role": Role.QA}, InvalidInput, "nobody waives a gate as QA; roles that may:"),
        (LEAD, {"reason": "because"}, InvalidInput, "the reason has 7 characters, at least 10"),
        (LEAD, {"until": "91d"}, InvalidInput, "the waiver ends in 91 days, the limit is 90"),
        (LEAD, {"until": "2026-01-01T00:00Z"}, InvalidInput, "which has passed"),
        (LEAD, {"gate": "test"}, NotFound, 'shop has no gate "test" (it has: tests, coverage'),
        (LEAD, {"gate": "coverage"}, Conflict, 'the gate "coverage" of shop is off'),
        (LEAD, {"gate": "lint"}, Conflict, "is only advisory; it stops nothing"),
        (LEAD, {"version": "v9"}, NotFound, 'has no tag "v9"'),
    ],
)
async def test_a_waiver_that_is_not_allowed_is_refused_with_the_reason(
    desk: Desk, actor: Actor, changes: dict[str, object], kind: type[GonogoError], said: str
) -> None:
    with pytest.raises(kind) as error:
        await waives(desk, actor, **changes)
    assert said in str(error.value)
    assert await desk.store.papers("shop", NEW) == ()


async def test_a_waiver_of_the_service_can_be_taken_back(desk: Desk) -> None:
    paper = await waives(desk)
    taken = await withdraw(desk.context, LEAD, paper_id=paper.id, reason="fixed")
    assert taken.commit is None
    (*_, entry) = [entry async for entry in desk.store.entries(subject="shop")]
    assert entry.action == "person:service:withdrawal"


async def holds(desk: Desk) -> tuple[Paper, Flag] | None:
    papers = await desk.store.papers("shop")
    return frozen(Dossier("shop", "", "", papers), desk.clock.now())


async def freezes(desk: Desk, *, on: bool = True, actor: Actor = OPS, **changes: str) -> Paper:
    reason = changes.pop("reason", "holidays")
    return await freeze(desk.context, actor, service="shop", on=on, reason=reason, **changes)


async def test_a_freeze_holds_until_it_is_lifted(desk: Desk) -> None:
    await freezes(desk)
    assert await holds(desk)
    await freezes(desk, on=False)
    assert await holds(desk) is None
    actions = [entry.action async for entry in desk.store.entries(subject="shop")]
    assert actions[-2:] == ["person:service:freeze", "person:service:unfreeze"]


async def test_a_freeze_ends_by_itself_when_its_time_has_come(desk: Desk) -> None:
    await freezes(desk, until="2d")
    assert await holds(desk)
    desk.clock.forward(days=2)
    assert await holds(desk) is None


async def test_what_is_wrong_with_a_freeze_is_told(desk: Desk) -> None:
    with pytest.raises(Conflict, match="shop is not frozen"):
        await freezes(desk, on=False)
    with pytest.raises(InvalidInput, match="a reason is needed"):
        await freezes(desk, reason=" ")
    with pytest.raises(InvalidInput, match="lifting a freeze takes no end"):
        await freezes(desk, on=False, until="2d")
    with pytest.raises(InvalidInput, match="the limit is 365 days"):
        await freezes(desk, until="2030-01-01T00:00Z")
    with pytest.raises(NotAllowed, match="may not freeze or unfreeze releases"):
        await freezes(desk, actor=CI)
