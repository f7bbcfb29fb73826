"""Signing a version off: whose word counts, and for what exactly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.papers import ADMIN, CI, LEAD, NEW, OPS, OTHER, OWNER, QA, Desk, a_desk, shop_plan
from tests.plans import a_release

from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.dossier import withdrawn
from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotAllowed, NotFound
from gonogo.domain.facts import SmokeFacts
from gonogo.domain.gate import GateStatus
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import Handoff, Paper, SignOff
from gonogo.domain.plan import CriterionMode, RollbackCriterion
from gonogo.domain.traffic import BadStatus, Endpoint
from gonogo.gates.case import Case
from gonogo.gates.sign_offs import sign_offs
from gonogo.usecases.gates.sign_offs import reject, sign_off, withdraw
from gonogo.usecases.papers.handoff import hand_over
from gonogo.usecases.papers.versions import find_version, gather

CRITERION = RollbackCriterion(
    "tracking",
    BadStatus(((500, 599),)),
    Endpoint("GET", "/tracking"),
    0.05,
    CriterionMode.LITERAL,
    timedelta(minutes=5),
)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def seen(desk: Desk, service: str = "shop", version: str = "v1.2.0") -> str:
    return (await find_version(desk.context, service, version)).digest


async def signs(desk: Desk, actor: Actor = QA, role: Role = Role.QA, **changes: object) -> Paper:
    values = {"service": "shop", "version": "v1.2.0", "role": role, **changes}
    values.setdefault("digest_seen", await seen(desk))
    return await sign_off(desk.context, actor, **values)  # type: ignore[arg-type]


async def test_a_sign_off_is_bound_to_the_commit_and_the_evidence(desk: Desk) -> None:
    await desk.evidence()
    paper = await signs(desk, note="tested by hand")
    assert (paper.service, paper.commit, paper.actor) == ("shop", NEW, "quinn")
    assert paper.content == SignOff(Role.QA, await seen(desk), (), "tested by hand")
    assert paper.emails == ("quinn@example.invalid",)
    assert paper in await desk.store.papers("shop", NEW)


async def test_it_is_one_audit_entry_under_the_service(desk: Desk) -> None:
    paper = await signs(desk)
    (*_, entry) = [entry async for entry in desk.store.entries(subject="shop")]
    assert (entry.actor, entry.action) == ("quinn", "person:version:sign_off")
    assert entry.data["version"] == "v1.2.0"
    assert (entry.data["commit"], entry.data["paper"]) == (NEW, paper.id)


async def test_it_wakes_the_release_that_waits_for_it(desk: Desk) -> None:
    release = a_release(id="r9", service="shop", version="v1.2.0", commit=NEW)
    await desk.store.open(release, AuditDraft("x", "person:release:start", "r9"), ())
    await signs(desk)
    assert desk.woken == ["r9"]


@pytest.mark.parametrize(
    ("actor", "role", "said"),
    [
        (OWNER, Role.QA, "dana (owner) may not sign a version off; these may:"),
        (CI, Role.QA, "ci (CI) may not sign a version off"),
        (OPS, Role.QA, "olga (devops) does not have the role QA; a sign-off is the word of"),
        (QA, Role.TECH_LEAD, "quinn (QA) does not have the role tech lead"),
        (replace(QA, roles=frozenset({Role.QA, Role.ADMIN})), Role.ADMIN, "nobody signs as admin"),
    ],
)
async def test_nobody_signs_in_a_role_that_is_not_theirs(
    desk: Desk, actor: Actor, role: Role, said: str
) -> None:
    with pytest.raises((NotAllowed, InvalidInput)) as error:
        await signs(desk, actor, role)
    assert said in str(error.value)
    assert await desk.store.papers("shop", NEW) == ()


async def test_evidence_that_moved_is_refused_and_the_difference_is_told(desk: Desk) -> None:
    await desk.evidence()
    digest = await seen(desk)
    desk.clock.forward(minutes=3)
    await desk.evidence(digest="22" * 32, failed=1)
    await hand_over(
        desk.context, QA, service="shop", version="v1.2.0", handoff=Handoff("", "sprint 16")
    )
    with pytest.raises(Conflict) as error:
        await signs(desk, digest_seen=digest)
    assert str(error.value) == (
        "the evidence of shop v1.2.0 · a1b2c3d changed since you looked:"
        " ci filed tests (report.xml) at 2026-03-01 12:03 UTC;"
        " quinn filed a handoff at 2026-03-01 12:03 UTC"
    )
    assert error.value.hint == "look again: gonogo signoff shop v1.2.0 --as ROLE"


@pytest.mark.parametrize(("service", "version"), [("shop", "v1.2.1"), ("bakery", "v1.2.0")])
async def test_a_sign_off_replayed_for_another_version_or_service_is_refused(
    desk: Desk, service: str, version: str
) -> None:
    digest = await seen(desk)
    with pytest.raises(Conflict, match="it belongs to another version, commit or service"):
        await signs(desk, digest_seen=digest, service=service, version=version)


async def test_a_tag_that_was_moved_to_another_commit_is_refused(desk: Desk) -> None:
    digest = await seen(desk)
    desk.source.tags_of["/shop"]["v1.2.0"] = OTHER
    with pytest.raises(Conflict, match="it belongs to another version, commit or service"):
        await signs(desk, digest_seen=digest)


async def test_what_the_desk_finds_out_itself_does_not_void_what_was_seen(desk: Desk) -> None:
    digest = await seen(desk)
    await desk.facts(SmokeFacts("staging", 3, 0), "33" * 32)
    assert (await signs(desk, digest_seen=digest)).content.digest == digest


async def test_the_same_word_given_twice_is_one_paper(desk: Desk) -> None:
    first, second = await signs(desk), await signs(desk, note="again")
    assert first == second
    assert len(await desk.store.papers("shop", NEW)) == 1


async def test_the_same_word_given_twice_at_once_is_one_paper_and_one_entry(desk: Desk) -> None:
    digest = await seen(desk)
    papers = await asyncio.gather(*(signs(desk, digest_seen=digest) for _ in range(3)))
    assert len({paper.id for paper in papers}) == 1
    assert len(await desk.store.papers("shop", NEW)) == 1
    actions = [entry.action async for entry in desk.store.entries(subject="shop")]
    assert actions.count("person:version:sign_off") == 1


async def test_after_it_was_withdrawn_it_can_be_given_again(desk: Desk) -> None:
    first = await signs(desk)
    await withdraw(desk.context, QA, paper_id=first.id, reason="found a bug")
    second = await signs(desk)
    assert second.id != first.id
    assert [paper.id for paper in await desk.store.papers("shop", NEW)][::2] == [
        first.id,
        second.id,
    ]


async def test_whoever_wrote_part_of_the_change_cannot_sign(desk: Desk) -> None:
    with pytest.raises(NotAllowed) as error:
        await signs(desk, LEAD, Role.TECH_LEAD)
    assert str(error.value) == (
        "lee wrote part of shop v1.2.0 · a1b2c3d (commit ccccccc"
        ' "fix: total of a cancelled order"); somebody else has to sign it off'
    )


async def test_an_author_signs_where_the_rule_lets_them() -> None:
    rule = SignOffsRule(needed={Role.TECH_LEAD: 1}, author_may_sign=True)
    async with a_desk(shop_plan(gates=(rule,))) as desk:
        assert (await signs(desk, LEAD, Role.TECH_LEAD)).actor == "lee"


async def test_a_history_that_cannot_be_read_does_not_keep_people_from_signing(desk: Desk) -> None:
    desk.history.gone = True
    assert (await signs(desk, LEAD, Role.TECH_LEAD)).actor == "lee"


async def test_criteria_carry_their_signer(desk: Desk) -> None:
    paper = await signs(desk, criteria=(CRITERION,))
    assert paper.content.criteria == (replace(CRITERION, signer="quinn"),)


async def test_a_criterion_named_like_a_kpi_of_the_spec_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match='"errors" has the name of a KPI or criterion'):
        await signs(desk, criteria=(replace(CRITERION, name="errors"),))


async def test_two_people_cannot_promise_different_things_under_one_name(desk: Desk) -> None:
    await signs(desk, criteria=(CRITERION,))
    with pytest.raises(Conflict, match='quinn has another rollback criterion "tracking"'):
        await signs(desk, OPS, Role.DEVOPS, criteria=(replace(CRITERION, limit=0.1),))


async def hands_over(desk: Desk, *criteria: RollbackCriterion) -> None:
    handoff = Handoff("", "sprint 16", criteria=criteria)
    await hand_over(desk.context, QA, service="shop", version="v1.2.0", handoff=handoff)


async def test_whoever_signs_first_signs_the_handoff_s_criteria_and_nobody_else(
    desk: Desk,
) -> None:
    await hands_over(desk, CRITERION)
    first, second = await signs(desk, OPS, Role.DEVOPS), await signs(desk)
    assert first.content.criteria == (replace(CRITERION, signer="olga"),)
    assert second.content.criteria == ()
    assert await signs(desk, OPS, Role.DEVOPS) == first
    assert await signs(desk) == second


async def test_criteria_whose_signer_withdrew_go_to_the_next_one(desk: Desk) -> None:
    await hands_over(desk, CRITERION)
    first = await signs(desk, OPS, Role.DEVOPS)
    await withdraw(desk.context, OPS, paper_id=first.id, reason="too late")
    assert (await signs(desk)).content.criteria == (replace(CRITERION, signer="quinn"),)


async def test_a_criterion_of_the_handoff_is_not_weakened_under_its_name(desk: Desk) -> None:
    await hands_over(desk, CRITERION)
    with pytest.raises(Conflict, match='the handoff has another rollback criterion "tracking"'):
        await signs(desk, criteria=(replace(CRITERION, limit=0.5),))


@pytest.mark.parametrize("actor", [QA, ADMIN, OWNER])
async def test_a_withdrawn_sign_off_stays_in_the_record_with_the_reason(
    desk: Desk, actor: Actor
) -> None:
    paper = await signs(desk)
    await withdraw(desk.context, actor, paper_id=paper.id, reason="found a bug")
    papers = await desk.store.papers("shop", NEW)
    assert paper in papers
    assert withdrawn(papers)[paper.id].content.reason == "found a bug"
    (*_, entry) = [entry async for entry in desk.store.entries(subject="shop")]
    assert entry.action == "person:version:withdrawal"
    assert (entry.data["version"], entry.data["withdrawn"]) == ("v1.2.0", paper.id)


async def test_what_cannot_be_withdrawn_is_told(desk: Desk) -> None:
    paper = await signs(desk)
    evidence = await desk.evidence()
    cases: list[tuple[Actor, str, str, type[GonogoError], str]] = [
        (OPS, paper.id, "no", NotAllowed, "is quinn's; only they or an admin can take it back"),
        (QA, "nothing", "no", NotFound, 'no paper "nothing" was filed'),
        (CI, evidence.id, "no", InvalidInput, "only sign-offs, rejections, waivers"),
        (QA, paper.id, " ", InvalidInput, "a reason is needed"),
    ]
    for actor, paper_id, reason, kind, said in cases:
        with pytest.raises(kind, match=said):
            await withdraw(desk.context, actor, paper_id=paper_id, reason=reason)
    await withdraw(desk.context, QA, paper_id=paper.id, reason="no")
    with pytest.raises(Conflict, match=r"quinn took .* back at 2026-03-01 12:00 UTC already"):
        await withdraw(desk.context, QA, paper_id=paper.id, reason="no")


async def test_an_unknown_service_names_what_is_known(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r'"shopp" is registered \(known: bakery, shop\)'):
        await signs(desk, service="shopp", digest_seen="0" * 64)


async def test_signing_again_after_somebody_else_withdrew_is_still_the_same_paper(
    desk: Desk,
) -> None:
    await hands_over(desk, CRITERION)
    carrier, own = await signs(desk, OPS, Role.DEVOPS), await signs(desk)
    await withdraw(desk.context, OPS, paper_id=carrier.id, reason="too late")
    assert await signs(desk) == own


async def test_a_word_that_has_grown_too_old_is_given_anew(desk: Desk) -> None:
    first = await signs(desk)
    desk.clock.forward(days=8)
    second = await signs(desk)
    assert second.id != first.id
    assert await signs(desk) == second


async def test_what_the_desk_found_out_itself_is_not_told_as_what_moved(desk: Desk) -> None:
    digest = await seen(desk)
    await desk.facts(SmokeFacts("staging", 3, 0), "33" * 32)
    await desk.evidence(name="unit.xml")
    with pytest.raises(Conflict, match=r"since you looked: ci filed tests \(unit\.xml\) at [^;]*$"):
        await signs(desk, digest_seen=digest)


async def test_other_criteria_for_the_same_word_are_refused(desk: Desk) -> None:
    first = await signs(desk)
    with pytest.raises(Conflict, match=r"you signed .* already, with other rollback") as error:
        await signs(desk, criteria=(CRITERION,))
    assert error.value.hint == f'take that back first: gonogo withdraw {first.id} --reason "…"'


async def test_a_no_fails_the_gate_whoever_else_signed_until_its_author_signs(desk: Desk) -> None:
    digest = await seen(desk)
    await signs(desk)
    await reject(
        desk.context,
        QA,
        service="shop",
        version="v1.2.0",
        role=Role.QA,
        digest_seen=digest,
        reason="orders without a courier fail",
    )
    candidate = await find_version(desk.context, "shop", "v1.2.0")
    rule = SignOffsRule(needed={Role.TECH_LEAD: 1}, author_may_sign=True)
    case = Case(candidate.plan, await gather(desk.context, candidate), desk.clock.now())
    found = sign_offs(rule, case)
    assert (found.status, found.passes) == (GateStatus.FAIL, True)
    assert found.reason == "rejected as QA by quinn: orders without a courier fail"
    assert await signs(desk)
    candidate = await find_version(desk.context, "shop", "v1.2.0")
    case = Case(candidate.plan, await gather(desk.context, candidate), desk.clock.now())
    assert sign_offs(rule, case).status is GateStatus.MISSING


async def test_a_no_needs_a_reason_and_a_role_that_its_author_has(desk: Desk) -> None:
    values = {"service": "shop", "version": "v1.2.0", "digest_seen": await seen(desk)}
    with pytest.raises(InvalidInput, match="a reason is needed"):
        await reject(desk.context, QA, role=Role.QA, reason=" ", **values)
    with pytest.raises(NotAllowed, match="does not have the role"):
        await reject(desk.context, QA, role=Role.SECURITY, reason="no", **values)
