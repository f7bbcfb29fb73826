"""A version on its page, and the page on which one signs with a thumb."""

import re

import httpx2
import pytest
from tests.papers import CI, LEAD, NEW, OPS, OWNER, QA
from tests.web.desk.conftest import OWNERS_TOKEN, Visit
from tests.web.desk.test_release_page import hidden_field, words_of

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Actor, Role
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import LoadFacts
from gonogo.domain.paper import Rejection, SignOff
from gonogo.usecases.access import people
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by

PAGE = "/services/shop/versions/v1.2.0"
SIGN = f"{PAGE}/sign-off"
HANDOFF = "scope: sprint 16\nchanges: [order tracking]\n"


async def token_of(visit: Visit, actor: Actor) -> str:
    """A token of somebody of the shop, whose commits are known by their address."""
    await people.add_person(
        visit.desk.context,
        OWNER,
        name=actor.name,
        roles=tuple(actor.roles),
        emails=tuple(actor.emails),
    )
    return (await people.issue_token(visit.desk.context, OWNER, person=actor.name)).secret


async def send(visit: Visit, path: str, token: str, **fields: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await visit.client.post(path, data=fields, headers=headers)


async def papers(visit: Visit, content: type) -> list[object]:
    found = await visit.desk.store.papers("shop", NEW)
    return [paper.content for paper in found if isinstance(paper.content, content)]


async def test_qa_signs_in_two_taps_and_is_given_a_receipt_with_the_audit_number(visit: Visit):
    await visit.desk.evidence()
    token = await token_of(visit, QA)
    page = await visit.open(SIGN, token=token)
    assert "You sign as QA for v1.2.0 · a1b2c3" in words_of(page)
    fields = {"digest": hidden_field(page, "digest"), "key": hidden_field(page, "key")}
    for _ in range(2):  # a thumb that trembles
        answer = await send(visit, SIGN, token, word="sign", role="qa", **fields)
        assert answer.status_code == 303
    assert len(await papers(visit, SignOff)) == 1
    said = words_of(await visit.open(answer.headers["location"], token=token))
    number = answer.headers["location"].rpartition("=")[2]
    assert f"You signed v1.2.0. Receipt: audit entry {number}" in said


async def test_evidence_that_changed_meanwhile_is_refused_with_the_difference_and_keeps_the_note(
    visit: Visit,
):
    await visit.desk.evidence()
    token = await token_of(visit, QA)
    page = await visit.open(SIGN, token=token)
    await visit.desk.evidence("second.xml", "22" * 32, failed=3)
    fields = {"digest": hidden_field(page, "digest"), "key": "k"}
    answer = await send(visit, SIGN, token, word="sign", role="qa", note="by hand", **fields)
    assert answer.status_code == 409
    said = words_of(answer)
    assert "changed since you looked: ci filed tests (second.xml)" in said
    assert "3 failed" in said
    assert "by hand</textarea>" in answer.text
    assert await papers(visit, SignOff) == []


async def test_a_rejection_needs_a_reason_and_is_shown_to_everybody(visit: Visit):
    token = await token_of(visit, QA)
    page = await visit.open(SIGN, token=token)
    fields = {"digest": hidden_field(page, "digest"), "key": "k", "word": "reject", "role": "qa"}
    assert (await send(visit, SIGN, token, reason=" ", **fields)).status_code == 422
    answer = await send(visit, SIGN, token, reason="orders without a courier fail", **fields)
    assert answer.status_code == 303
    assert [type(each) for each in await papers(visit, Rejection)] == [Rejection]
    said = words_of(await visit.open(PAGE))
    assert "Rejected by quinn (QA): orders without a courier fail" in said
    assert "rejected as QA by quinn" in said


async def test_what_failed_stands_before_what_passed(visit: Visit):
    await visit.desk.evidence("good.xml")
    await visit.desk.evidence("bad.xml", "33" * 32, failed=2)
    said = words_of(await visit.open(SIGN, token=await token_of(visit, QA)))
    assert said.index("bad.xml") < said.index("1 report without trouble") < said.index("good.xml")


async def test_who_wrote_part_of_it_is_told_that_somebody_else_signs(visit: Visit):
    token = await token_of(visit, LEAD)
    page = await visit.open(SIGN, token=token)
    fields = {
        "digest": hidden_field(page, "digest"),
        "key": "k",
        "role": "tech_lead",
        "word": "sign",
    }
    answer = await send(visit, SIGN, token, **fields)
    assert answer.status_code == 403
    assert "lee wrote part of shop v1.2.0" in words_of(answer)


async def test_each_role_finds_the_forms_of_what_it_may_and_no_others(visit: Visit):
    forms = {
        "sign-off": {Role.QA, Role.TECH_LEAD, Role.SECURITY, Role.PRODUCT, Role.DEVOPS},
        'id="handoff-form"': {Role.QA, Role.TECH_LEAD, Role.ADMIN},
        'id="acknowledge"': {Role.DEVOPS, Role.ADMIN},
        "/start": {Role.DEVOPS, Role.TECH_LEAD, Role.ADMIN},
    }
    for role in (Role.QA, Role.DEVOPS, Role.TECH_LEAD, Role.VIEWER, Role.ADMIN):
        text = (await visit.open(PAGE, token=await visit.token(role))).text
        for mark, roles in forms.items():
            shown = f'{PAGE}{mark}"' in text if mark == "/start" else mark in text
            if mark == "sign-off":
                shown = f'href="{SIGN}"' in text
            assert shown == (role in roles), (role, mark)


async def test_qa_hands_over_a_draft_and_devops_takes_it_with_a_schedule_in_her_own_zone(
    visit: Visit,
):
    qa, ops = await token_of(visit, QA), await token_of(visit, OPS)
    draft = await visit.open(f"{PAGE}?draft=true", token=qa)
    assert "Handoff of shop v1.2.0" in draft.text
    assert (await send(visit, f"{PAGE}/acknowledgement", ops, key="a")).status_code == 409
    wrong = await send(visit, f"{PAGE}/handoff", qa, key="h", text="scope: [")
    assert wrong.status_code == 422
    assert "scope: [</textarea>" in wrong.text
    assert (await send(visit, f"{PAGE}/handoff", qa, key="h", text=HANDOFF)).status_code == 303
    headers = {"Authorization": f"Bearer {ops}", "Cookie": "gonogo_reader=fa|Asia/Tehran||"}
    fields = {"key": "a", "at": "2026-03-01T19:30", "window": "۲h", "steps": "migrate\nrestart"}
    taken = await visit.client.post(f"{PAGE}/acknowledgement", data=fields, headers=headers)
    assert taken.status_code == 303
    page = await visit.open(PAGE, token=ops)
    assert 'datetime="2026-03-01T16:00:00Z"' in page.text
    assert "for 2 h" in words_of(page)


async def test_a_line_of_a_checklist_is_ticked_by_those_who_may(visit: Visit):
    qa, ops = await token_of(visit, QA), await token_of(visit, OPS)
    line = {"checklist": "deploy", "item": "Alerts configured", "done": "yes", "key": "k"}
    assert (await send(visit, f"{PAGE}/ticks", qa, **line)).status_code == 403
    assert (await send(visit, f"{PAGE}/ticks", ops, **line)).status_code == 303
    assert "Alerts configured olga" in words_of(await visit.open(PAGE, token=qa))


async def test_a_release_starts_once_and_its_page_is_shown(visit: Visit):
    token = await token_of(visit, OPS)
    page = await visit.open(PAGE, token=token)
    assert "shop v1.2.0 (commit a1b2c3deeeee) through staging → production" in words_of(page)
    answers = [await send(visit, f"{PAGE}/start", token, key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert (await visit.open(answers[0].headers["location"], token=token)).status_code == 200
    other = await send(visit, f"{PAGE}/start", token, key="two")
    assert other.status_code == 409


async def test_a_service_shows_its_versions_gates_and_who_registered_it(visit: Visit):
    said = words_of(await visit.open("/services/shop"))
    assert "v1.2.1 not released yet v1.2.0 not released yet v1.1.0" in said or "v1.1.0" in said
    assert "sign-offs 1 of QA, 1 of tech lead, not the author" in said
    assert re.search(r"Registered by x, .* digest dddddddddddd", said)
    assert (await visit.open("/services/none")).status_code == 404


async def test_what_the_desk_filed_itself_is_named_in_the_readers_language(visit: Visit):
    await visit.desk.evidence("rollback rehearsal from v1.1.0", "55" * 32)
    shown = words_of(await visit.open(PAGE, reads="ru|Europe/Moscow||"))
    assert "репетиция отката с v1.1.0" in shown


async def test_hostile_evidence_is_shown_and_does_nothing(visit: Visit):
    facts = LoadFacts("locust", 10, 0, 1.0, 100, 200, 300, 1)
    evidence = Evidence("locust", "<img src=x onerror=alert(1)>\u202e", "44" * 32, 10, facts)
    await visit.desk.file(CI, evidence, NEW)
    page = await visit.open(PAGE)
    assert page.status_code == 200
    assert "<img src=x" not in page.text
    assert "\u202e" not in page.text


async def test_every_form_carries_the_sessions_secret_and_no_page_holds_script_or_style(
    visit: Visit,
):
    desk = visit.desk
    application = build_application(desk.context, OWNER, OWNERS_TOKEN, lambda: None)
    guard = reader(Door(desk.context, OWNER, OWNERS_TOKEN))
    add_desk(application, desk.context, seen_by(guard, lambda _: "the-secret"))
    lena = await token_of(visit, Actor("lena", frozenset({Role.QA, Role.ADMIN, Role.TECH_LEAD})))
    transport = httpx2.ASGITransport(app=application)
    headers = {"Authorization": f"Bearer {lena}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1:8460", headers=headers
    ) as client:
        started = await client.post(f"{PAGE}/start", data={"key": "one"})
        for path in (f"{PAGE}?draft=true", SIGN, "/services/shop", started.headers["location"]):
            text = (await client.get(path)).text
            forms = text.count('<form method="post"')
            assert text.count('name="csrf_token" value="the-secret"') == forms, path
            assert text.count('name="key"') == forms
            assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text), path


async def test_what_others_file_is_shown_by_the_regions_of_the_page(visit: Visit):
    page = await visit.open(PAGE)
    watched = re.findall(r'data-live="(version-[^"]*)" data-seen="(\w+)"', page.text)
    assert [key for key, _ in watched] == [
        "version-result:shop/v1.2.0",
        "version-papers:shop/v1.2.0",
    ]
    await visit.desk.evidence()
    asked = [f"{seen}~{key}" for key, seen in watched]
    answer = await visit.open("/live/regions", params={"watch": asked})
    told = {each["region"]: each["html"] for each in answer.json()["messages"]}
    assert "report.xml" in told["version-papers:shop/v1.2.0"]
    assert "<form" not in "".join(told.values())


async def test_a_region_of_a_version_that_does_not_exist_is_gone(visit: Visit):
    for name in ("shop/v9.9.9", "bakery/v9.9.9", "nobody/v1.2.0", "", "shop"):
        answer = await visit.open("/live/regions", params={"watch": f"~version-papers:{name}"})
        assert answer.json()["messages"] == [{"region": f"version-papers:{name}", "gone": True}]


async def test_the_page_reads_nothing_of_the_repository_twice(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    reads: list[str] = []
    for name in ("change", "merges", "files"):
        read = getattr(visit.desk.history, name)

        async def noted(*given: object, _name: str = name, _read: object = read, **more: object):
            reads.append(f"{_name} {given} {sorted(more.items())}")
            return await _read(*given, **more)  # type: ignore[operator]

        monkeypatch.setattr(visit.desk.history, name, noted)
    await visit.open(PAGE, token=await visit.token(Role.VIEWER))
    assert reads
    assert len(reads) == len(set(reads))


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("v1.2.0, 1 other change since v1.1.0", "v1.2.0: 1 прочее изменение с v1.1.0"),
        ("no freeze", "no freeze"),
    ],
)
async def test_what_a_draft_counted_is_said_in_the_readers_language_and_own_words_stay(
    visit: Visit, scope: str, told: str
):
    token = await token_of(visit, QA)
    text = f"scope: {scope}\nchanges: [order tracking]\n"
    answer = await send(visit, f"{PAGE}/handoff", token, key="h", text=text)
    assert answer.status_code == 303
    for page in (PAGE, SIGN):
        shown = await visit.open(page, token=token, reads="ru|Europe/Moscow||")
        assert told in words_of(shown)
