"""Confirming a promoted release line by line."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.papers import CI, OPS, QA, Desk, a_desk, shop_plan
from tests.plans import a_release

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import Instruction, InstructionKind, Stage, VerifiedLine
from gonogo.usecases.releases.verification import line_of, verify

LINES = ("Login", "Order tracking", "Create order")
PASSED = tuple(VerifiedLine(name, True) for name in LINES)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def promoted(
    desk: Desk,
    *lines: str,
    roles: tuple[Role, ...] = (),
    stage: Stage = Stage.VERIFYING,
    after_rollback: bool = False,
) -> None:
    half_an_hour = timedelta(minutes=30)
    asked = Verification(half_an_hour, OnSilence.NEEDS_PERSON, lines, roles, after_rollback)
    release = a_release(plan=shop_plan(verification=asked), stage=stage)
    await desk.store.open(release, AuditDraft("x", "person:release:start", "r1"), ())


async def answers(
    desk: Desk,
    *lines: VerifiedLine,
    kind: InstructionKind = InstructionKind.CONFIRM,
    reason: str = "",
    actor: object = QA,
) -> Instruction:
    await verify(
        desk.context,
        actor,  # type: ignore[arg-type]
        reference="r1",
        kind=kind,
        lines=lines,
        reason=reason,
    )
    (*_, instruction) = await desk.store.instructions("r1")
    return instruction


async def test_every_line_that_passed_confirms_and_is_stored(desk: Desk) -> None:
    await promoted(desk, *LINES)
    tracked = VerifiedLine("order tracking", True, 12.0, "new page")
    said = await answers(desk, PASSED[2], tracked, PASSED[0])
    assert said.kind is InstructionKind.CONFIRM
    assert [line.name for line in said.lines] == list(LINES)
    assert said.lines[1] == VerifiedLine("Order tracking", True, 12.0, "new page")
    assert said.reason == "3 of 3 lines passed"
    (*_, entry) = [entry async for entry in desk.store.entries(subject="r1")]
    assert entry.data["lines"][1]["note"] == "new page"


async def test_one_line_that_failed_rejects_whatever_was_meant(desk: Desk) -> None:
    await promoted(desk, *LINES)
    said = await answers(desk, *PASSED[:2], VerifiedLine("Create order", False, note="500"))
    assert said.kind is InstructionKind.REJECT
    assert said.reason == "Create order failed: 500"


async def test_a_line_that_was_not_tried_is_asked_for(desk: Desk) -> None:
    await promoted(desk, *LINES)
    with pytest.raises(InvalidInput, match="2 of 3 lines are not answered: Order tracking, Create"):
        await answers(desk, PASSED[0])
    assert await desk.store.instructions("r1") == ()


async def test_to_reject_one_line_is_enough(desk: Desk) -> None:
    await promoted(desk, *LINES)
    failed = VerifiedLine("Login", False)
    said = await answers(desk, failed, kind=InstructionKind.REJECT)
    assert (said.kind, said.lines) == (InstructionKind.REJECT, (failed,))


async def test_a_plan_without_lines_takes_a_reason_as_before(desk: Desk) -> None:
    await promoted(desk)
    assert (await answers(desk, reason="checked")).reason == "checked"
    with pytest.raises(InvalidInput, match="a reason is needed"):
        await answers(desk)
    with pytest.raises(InvalidInput, match='asks for no line "Login"; it asks for none at all'):
        await answers(desk, PASSED[0])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((VerifiedLine("Logn", True),), 'did you mean "Login"'),
        ((PASSED[0], PASSED[0]), 'the line "Login" is answered twice'),
        ((VerifiedLine("Login", True, -1.0),), "took -1 s"),
        ((VerifiedLine("Login", True, float("nan")),), "took nan s"),
        ((VerifiedLine("Login", True, note="x" * 1001),), "has 1001 characters"),
    ],
)
async def test_a_line_that_makes_no_sense_is_refused(
    desk: Desk, lines: tuple[VerifiedLine, ...], said: str
) -> None:
    await promoted(desk, *LINES)
    with pytest.raises(InvalidInput, match=said):
        await answers(desk, *lines, kind=InstructionKind.REJECT)


async def test_only_the_roles_that_the_plan_names_may_answer(desk: Desk) -> None:
    await promoted(desk, *LINES, roles=(Role.QA,))
    with pytest.raises(NotAllowed, match="is verified by: QA; olga has none of these roles"):
        await answers(desk, *PASSED, actor=OPS)
    with pytest.raises(NotAllowed, match="may not verify a release"):
        await answers(desk, *PASSED, actor=CI)


async def test_the_version_that_serves_again_is_confirmed_where_the_plan_asks_for_it(
    desk: Desk,
) -> None:
    await promoted(desk, *LINES, stage=Stage.VERIFYING_ROLLBACK, after_rollback=True)
    assert (await answers(desk, *PASSED)).kind is InstructionKind.CONFIRM


async def test_the_version_that_serves_again_is_not_asked_about_otherwise(desk: Desk) -> None:
    await promoted(desk, *LINES, stage=Stage.VERIFYING_ROLLBACK)
    with pytest.raises(Conflict, match="there is nothing to confirm"):
        await answers(desk, *PASSED)


async def test_a_release_that_is_not_verifying_has_nothing_to_confirm(desk: Desk) -> None:
    await promoted(desk, stage=Stage.CANARY)
    with pytest.raises(Conflict, match="there is nothing to confirm"):
        await answers(desk, reason="checked")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("login=pass", VerifiedLine("login", True)),
        ("login=fail:8s", VerifiedLine("login", False, 8.0)),
        ("a=b=pass::slow: 3 s", VerifiedLine("a=b", True, None, "slow: 3 s")),
        (" Order list =pass:1m30s:", VerifiedLine("Order list", True, 90.0)),
    ],
)
def test_a_line_is_written_in_one_go(text: str, line: VerifiedLine) -> None:
    assert line_of(text) == line


@pytest.mark.parametrize("text", ["login", "login=ok", "=pass", "login=pass:12", ""])
def test_what_does_not_say_how_a_line_ended_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        line_of(text)
