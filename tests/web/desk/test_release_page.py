"""A release on its page: what it says in every stage, whom it lets say what, and how it says no."""

import asyncio
import re
from dataclasses import replace

import httpx2
import pytest
from tests.papers import NEW
from tests.web.conftest import good_story
from tests.web.desk.conftest import OWNERS_TOKEN, Visit
from tests.web.desk.theatre import play

from gonogo.domain.actor import PEOPLE_ROLES, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Answer, Decision, GateMode, GateResult, GateStatus
from gonogo.domain.gate import GateKind as K
from gonogo.domain.look import Look
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import InstructionKind, Release, Stage
from gonogo.domain.story import Story
from gonogo.domain.verdict import Test
from gonogo.gates.table import GATES
from gonogo.gates.written import decision_data
from gonogo.usecases.permissions import PERMISSIONS
from gonogo.usecases.releases.decisions import decide_now
from gonogo.usecases.releases.lifecycle import DEEDS
from gonogo.web.desk.gate_rules import RULES

PAGE = "/releases/r-1"
HOSTILE = "<script>alert(1)</script>\u202eevil\"'&{{7*7}}"


@pytest.fixture(scope="module")
def good() -> Story:
    """A few looks of a canary that goes to everyone."""
    return good_story(20)


@pytest.fixture(scope="module")
def gapped() -> Story:
    """The same with a stretch that was not measured."""
    return good_story(50, range(20, 30))


def words_of(page: httpx2.Response) -> str:
    """What a reader sees, without markup and with single blanks."""
    text = re.sub(r"<[^>]+>", " ", page.text.replace("\u00a0", " "))
    return re.sub(r" ([.,:;)])", r"\1", " ".join(text.split())).replace("( ", "(")


def shown(page: httpx2.Response) -> set[str]:
    """The words that the visitor may say now."""
    found = re.findall(r'<details class="act" data-verb="(\w+)"( hidden)?', page.text)
    return {verb for verb, hidden in found if not hidden}


def hidden_field(page: httpx2.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None
    return found.group(1)


async def in_stage(visit: Visit, story: Story, stage: Stage, **changes: object) -> Release:
    """A release that stands in this stage, as far as its page can tell."""
    made = replace(story.release, stage=stage, **changes)  # type: ignore[arg-type]
    return await play(visit.desk, replace(story, release=made))


async def say(
    visit: Visit, page: httpx2.Response, kind: str, token: str = OWNERS_TOKEN, **fields: str
) -> httpx2.Response:
    """Send the form of a word as it was shown on this page."""
    data = {
        "kind": kind,
        "key": hidden_field(page, "key"),
        "seen": hidden_field(page, "seen"),
        "reason": "because",
        **fields,
    }
    headers = {"Authorization": f"Bearer {token}"}
    return await visit.client.post(f"{PAGE}/words", data=data, headers=headers)


async def test_every_stage_has_its_page(visit: Visit, unexposed: Story):
    for stage in Stage:
        service = f"orders-{stage.value}"
        plan = replace(unexposed.release.plan, service=service)
        made = {"id": stage.value, "service": service, "plan": plan}
        await in_stage(visit, replace(unexposed, audit=unexposed.audit[:3]), stage, **made)
        page = await visit.open(f"/releases/{stage.value}")
        assert page.status_code == 200, stage
        assert f'data-stage="{stage.value}"' in page.text


async def test_a_rolled_back_release_says_when_why_and_whom_it_met_and_where_traffic_is(
    visit: Visit, bad: Story
):
    await play(visit.desk, bad)
    said = words_of(await visit.open(PAGE))
    assert re.search(
        r"Rolled back at 14:02:\d\d, 0\.1 s after the evidence crossed the limit\."
        r" create-order: \+[\d.]+ points \[[\d.−]+, [\d.]+\]\."
        r" Exposure at most 5 %, \d+ requests, \d+ failed\.",
        said,
    )
    persian = await visit.open(PAGE, reads="fa|Asia/Tehran||")
    assert "۱۷:۳۲" in persian.text
    assert re.search(
        r"Commanded 14:02:\d\d the judge Confirmed ✓ Traffic confirmed on v1\.1\.0", said
    )


async def test_what_was_beyond_its_own_limit_is_not_told_by_its_difference_to_the_baseline(
    visit: Visit, bad: Story
):
    def by_its_limit(look: Look) -> Look:
        kpis = tuple(
            replace(kpi, evidence=tuple(replace(each, test=Test.ABSOLUTE) for each in kpi.evidence))
            for kpi in look.judgement.kpis
        )
        return replace(look, judgement=replace(look.judgement, kpis=kpis))

    await play(visit.desk, replace(bad, looks=tuple(map(by_its_limit, bad.looks))))
    said = words_of(await visit.open(PAGE))
    answer = said.partition("after the evidence crossed the limit. ")[2].partition("Exposure")[0]
    assert "canary requests were bad" in answer
    assert "points" not in answer


async def test_whose_word_a_gate_waits_for_is_led_to_where_it_is_given(visit: Visit, good: Story):
    gate = GateResult(K.SIGN_OFFS, GateMode.REQUIRED, GateStatus.MISSING, "0 of 1", asks=("QA",))
    early = replace(good, audit=good.audit[:3], looks=(), journal=())
    release = await in_stage(visit, early, Stage.HELD, exposed=False)
    now = visit.desk.clock.now()
    decision = Decision(Answer.HOLD, "HOLD", release.commit, "d" * 64, now, (gate,))
    draft = AuditDraft("desk", "gates:release:hold", release.id, decision_data(decision))
    await visit.desk.store.append(draft)
    link = f'href="/services/{release.service}/versions/{release.version}/sign-off"'
    for role, led in ((Role.QA, True), (Role.DEVOPS, False), (Role.VIEWER, False)):
        page = await visit.open(PAGE, token=await visit.token(role))
        assert (link in page.text) == led, role


async def test_a_refused_release_names_the_gate_that_blocks_its_owner_and_what_to_do(
    visit: Visit, refused: Story
):
    await play(visit.desk, refused)
    page = await visit.open(PAGE)
    said = words_of(page)
    assert "NO-GO: 2 of 5 gates block: rollback rehearsal: v1.2.1 cannot run" in said
    assert "To do let the migration keep what the version before uses Who developer" in said
    blocks, waived, folded = (
        said.index(word) for word in ("What blocks", "Let pass by", "gates are answered")
    )
    assert (
        blocks < said.index("load test is 9 days old") < waived < folded < said.index("214 tests")
    )
    for anchor in ("gate-rollback-rehearsal", "gate-load-test", "gate-coverage", "gate-tests"):
        assert f'id="{anchor}"' in page.text


async def test_what_was_waived_is_shown_for_ever_with_who_and_why(visit: Visit, refused: Story):
    await play(visit.desk, refused)
    said = words_of(await visit.open(PAGE))
    assert "waived by lee (tech lead) until 2025-11-30 12:00 UTC: legacy module" in said
    assert "Instead of failed" in said


async def test_each_role_is_shown_exactly_what_it_may_say_and_the_server_refuses_the_rest(
    visit: Visit, good: Story
):
    await in_stage(visit, replace(good, looks=good.looks[:3]), Stage.CANARY, step=0)
    fitting = {InstructionKind.PAUSE, InstructionKind.ROLL_BACK}
    owners = await visit.open(PAGE)
    for role in PEOPLE_ROLES:
        token = await visit.token(role)
        wanted = {kind.value for kind in fitting if role in PERMISSIONS[DEEDS[kind]]}
        assert shown(await visit.open(PAGE, token=token)) == wanted, role
        for kind in sorted({kind.value for kind in fitting} - wanted):
            answer = await say(visit, owners, kind, token=token, typed="v1.2.1")
            assert answer.status_code == 403, (role, kind)
            assert "these may: " in words_of(answer)
    assert await visit.desk.store.instructions("r-1") == ()


async def test_a_word_is_stored_once_however_often_its_form_is_sent_and_has_a_receipt(
    visit: Visit, good: Story
):
    await in_stage(visit, replace(good, looks=good.looks[:1]), Stage.CANARY, step=0)
    page = await visit.open(PAGE)
    first, second = [await say(visit, page, "pause") for _ in range(2)]
    assert first.status_code == second.status_code == 303
    assert len(await visit.desk.store.instructions("r-1")) == 1
    said = words_of(await visit.open(first.headers["location"]))
    assert re.search(r"Commanded: Pause\. Audit entry \d+\.", said)
    assert "said Pause at" in said
    assert "it is not confirmed yet" in said


async def test_of_two_who_press_different_buttons_one_wins_and_the_other_is_told_and_keeps_her_text(
    visit: Visit, good: Story
):
    await in_stage(visit, replace(good, looks=good.looks[:1]), Stage.CANARY, step=0)
    quinn = await visit.token(Role.QA, name="quinn")
    olga = await visit.token(Role.DEVOPS, name="olga")
    page = await visit.open(PAGE, token=quinn)
    answers = await asyncio.gather(
        say(visit, page, "pause", token=quinn, reason="look at the dashboard"),
        say(visit, page, "roll_back", token=olga, reason="orders fail", typed="v1.2.1"),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    told = next(answer for answer in answers if answer.status_code == 409)
    assert re.search(r"(quinn|olga) was first: (pause|roll back) at", words_of(told))
    assert ("look at the dashboard</textarea>" in told.text) != (
        "orders fail</textarea>" in told.text
    )
    assert len(await visit.desk.store.instructions("r-1")) == 1


async def test_a_rollback_needs_the_version_typed_and_takes_persian_digits(
    visit: Visit, good: Story
):
    await in_stage(visit, replace(good, looks=good.looks[:1]), Stage.CANARY, step=0)
    page = await visit.open(PAGE)
    wrong = await say(visit, page, "roll_back", typed="v1.2.0", reason="it harms")
    assert wrong.status_code == 422
    assert "type v1.2.1 to confirm" in words_of(wrong)
    assert "it harms</textarea>" in wrong.text
    right = await say(visit, page, "roll_back", typed="v۱.۲.۱", reason="it harms")
    assert right.status_code == 303


async def test_what_the_stage_cannot_follow_comes_back_with_the_reason(visit: Visit, good: Story):
    await play(visit.desk, replace(good, looks=()))
    answer = await say(visit, await visit.open(PAGE), "pause")
    assert answer.status_code == 409
    assert "has ended: it is released" in words_of(answer)


async def test_a_person_confirms_line_by_line_and_one_that_fails_rejects(visit: Visit, good: Story):
    asked = Verification(good.release.plan.watch, OnSilence.ACCEPT, ("login", "order"))
    plan = replace(good.release.plan, verification=asked)
    await in_stage(visit, replace(good, looks=()), Stage.VERIFYING, plan=plan)
    page = await visit.open(PAGE)
    assert shown(page) >= {"confirm", "reject"}
    half = await say(visit, page, "confirm", **{"line-0": "pass", "note-0": "as always"})
    assert half.status_code == 422
    assert "1 of 2 lines are not answered: order" in words_of(half)
    assert 'value="as always"' in half.text
    told = await say(visit, page, "confirm", reason="", **{"line-0": "pass", "line-1": "fail"})
    assert told.status_code == 303
    (instruction,) = await visit.desk.store.instructions("r-1")
    assert instruction.kind is InstructionKind.REJECT


async def test_nobody_can_freeze_but_those_who_may_and_the_page_says_by_whom_it_is(
    visit: Visit, unexposed: Story
):
    await play(visit.desk, unexposed)
    data = {"on": "yes", "reason": "holidays", "until": "", "key": "k"}
    headers = {"Authorization": f"Bearer {await visit.token(Role.DEVELOPER)}"}
    refused = await visit.client.post(f"{PAGE}/freeze", data=data, headers=headers)
    assert refused.status_code == 403
    headers = {"Authorization": f"Bearer {await visit.token(Role.PRODUCT, name='pat')}"}
    assert (
        await visit.client.post(f"{PAGE}/freeze", data=data, headers=headers)
    ).status_code == 303
    assert "Releases of this service are frozen pat: holidays" in words_of(await visit.open(PAGE))


async def test_hostile_texts_are_shown_and_do_nothing(visit: Visit, unexposed: Story):
    made = replace(
        unexposed.release, reason=HOSTILE, version=HOSTILE[:60], actor=HOSTILE, stage=Stage.HELD
    )
    await play(visit.desk, replace(unexposed, release=made))
    page = await visit.open(PAGE)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert "{{7*7}}" in page.text
    assert "⟨U+202E⟩" in page.text


async def test_the_series_breaks_at_a_gap_and_ends_where_the_looks_end(visit: Visit, gapped: Story):
    await play(visit.desk, gapped)
    data = (await visit.open(f"{PAGE}/series")).json()
    assert data["total"] == 50
    assert len(data["gaps"]) == 1
    inside = [place for place, at in enumerate(data["at"]) if data["planned"][place] is None]
    assert len(inside) == 10
    orders = data["kpis"][0]
    assert {orders["canary"][place] for place in inside} == {None}
    assert all(test["evidence"][place] is None for test in orders["tests"] for place in inside)
    assert {kind for _, kind, _ in data["marks"]} == {"person", "stage"}


async def test_the_report_has_its_own_policy_and_the_other_documents_are_linked(
    visit: Visit, unexposed: Story
):
    await play(visit.desk, unexposed)
    page = await visit.open(PAGE)
    assert f'href="{PAGE}/report"' in page.text
    assert f'href="{PAGE}/bundle"' in page.text
    report = await visit.open(f"{PAGE}/report")
    assert report.status_code == 200
    assert "script-src" not in report.headers["content-security-policy"]
    assert "sha256-" in report.text


async def test_a_release_is_found_by_the_name_of_its_service(visit: Visit, unexposed: Story):
    await play(visit.desk, unexposed)
    answer = await visit.open("/releases/orders")
    assert (answer.status_code, answer.headers["location"]) == (302, PAGE)


async def test_a_body_that_is_no_form_is_refused(visit: Visit, unexposed: Story):
    await play(visit.desk, unexposed)
    headers = {"Authorization": f"Bearer {OWNERS_TOKEN}"}
    answer = await visit.client.post(f"{PAGE}/words", json={"kind": "abort"}, headers=headers)
    assert answer.status_code == 422


def test_every_kind_of_gate_says_its_rule():
    assert set(RULES) == set(GATES)


async def test_a_gate_is_let_pass_by_those_who_may_with_a_reason_and_an_end(visit: Visit):
    token = await visit.token(Role.DEVOPS)
    started = await visit.client.post(
        "/services/shop/versions/v1.2.0/start",
        data={"key": "s"},
        headers={"Authorization": f"Bearer {token}"},
    )
    path = started.headers["location"]
    release = path.rpartition("/")[2]
    (registered, *_) = [
        each for each in await visit.desk.store.registrations() if each.service == "shop"
    ]
    decision = decide_now(registered.plan, Dossier("shop", "v1.2.0", NEW), visit.desk.clock.now())
    await visit.desk.store.append(
        AuditDraft("desk", "gates:release:hold", release, decision_data(decision))
    )
    assert "Let a gate pass" not in words_of(await visit.open(path, token=token))
    lead = await visit.token(Role.TECH_LEAD, name="lee")
    assert "Let a gate pass" in words_of(await visit.open(path, token=lead))
    fields = {"gate": "runbook", "role": "tech_lead", "until": "۱۴d", "key": "w"}
    headers = {"Authorization": f"Bearer {lead}"}
    short = await visit.client.post(
        f"{path}/waivers", data={**fields, "reason": "no"}, headers=headers
    )
    assert short.status_code == 422
    long = {**fields, "reason": "the runbook is on its way"}
    assert (
        await visit.client.post(f"{path}/waivers", data=long, headers=headers)
    ).status_code == 303
    assert "let pass by lee until 15 Mar 2026" in words_of(await visit.open(path))
