"""Papers over the API: each person acts as themselves, and a refusal is one sentence."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from tests.papers import CI, LEAD, OPS, OWNER, QA, Desk, a_desk, shop_plan
from tests.plans import START, a_release

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.person import Person, Token
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import Stage
from gonogo.usecases.access.people import SECRET_PREFIX, digest_of_secret
from gonogo.web.pages import add_pages

HANDOFF = "scope: sprint 16\nchanges: [order tracking]\n"
SHOP = "/api/v1/services/shop"
As = Callable[[Actor], httpx2.AsyncClient]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


@pytest.fixture
async def as_(desk: Desk) -> AsyncIterator[As]:
    """A client of the desk for each person."""
    audit = AuditDraft("dana", "person:people:add", "people")
    for actor in (QA, LEAD, OPS, CI):
        person = Person(actor.name, tuple(actor.roles), tuple(actor.emails), "dana", START)
        await desk.store.put_person(person, audit)
        digest = digest_of_secret(_secret(actor))
        token = Token(actor.name, actor.name, digest, START, START + timedelta(days=1))
        await desk.store.put_token(token, audit)
    application = build_application(desk.context, OWNER, "secret", lambda: None)
    add_pages(application, desk.context, reader(Door(desk.context, OWNER, "secret")))
    clients: list[httpx2.AsyncClient] = []

    def client(actor: Actor) -> httpx2.AsyncClient:
        token = "secret" if actor is OWNER else _secret(actor)
        made = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=application),
            base_url="http://127.0.0.1:8460",
            headers={"Authorization": f"Bearer {token}"},
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()


def _secret(actor: Actor) -> str:
    return SECRET_PREFIX + actor.name * 8


async def handed(as_: As) -> None:
    body = {"version": "v1.2.0", "text": HANDOFF}
    assert (await as_(QA).post(f"{SHOP}/handoff", json=body)).status_code == 201


async def seen(as_: As) -> str:
    answer = await as_(QA).get(f"{SHOP}/handoff", params={"version": "v1.2.0"})
    return str(answer.json()["digest"])


async def test_a_version_goes_from_handoff_to_schedule(as_: As) -> None:
    await handed(as_)
    body = {"version": "v1.2.0", "role": "qa", "digest": await seen(as_), "note": "by hand"}
    signed = await as_(QA).post(f"{SHOP}/sign-offs", json=body)
    assert (signed.status_code, signed.json()["by"]) == (201, "quinn")
    plan = {"version": "v1.2.0", "at": "16:00 UTC", "window": "1h", "steps": ["clear cache"]}
    taken = await as_(OPS).post(f"{SHOP}/acknowledgements", json=plan)
    assert taken.json()["content"]["starts_at"] == "2026-03-01T16:00:00+00:00"
    page = (await as_(CI).get(f"{SHOP}/handoff", params={"version": "v1.2.0"})).json()
    assert page["changes"] == ["order tracking"]
    assert page["sign_offs"][0]["note"] == "by hand"
    assert page["takeover"]["content"]["steps"] == ["clear cache"]


async def test_the_page_comes_as_html_and_as_markdown(as_: As) -> None:
    await handed(as_)
    where = f"{SHOP}/handoff/page"
    html = await as_(QA).get(where, params={"version": "v1.2.0"})
    assert html.headers["content-type"].startswith("text/html")
    assert "order tracking" in html.text
    text = await as_(QA).get(where, params={"version": "v1.2.0", "format": "markdown"})
    assert text.text.startswith("# shop v1.2.0\n")


async def test_the_draft_says_what_fits(as_: As) -> None:
    found = await as_(QA).get(f"{SHOP}/handoff/draft", params={"version": "v1.2.1"})
    assert found.json()["fit"] == "v1.2.1 has a feature: v1.3.0 would fit"


async def test_evidence_that_moved_is_a_conflict_with_the_difference(desk: Desk, as_: As) -> None:
    digest = await seen(as_)
    await handed(as_)
    body = {"version": "v1.2.0", "role": "qa", "digest": digest}
    answer = await as_(QA).post(f"{SHOP}/sign-offs", json=body)
    assert answer.status_code == 409
    assert "quinn filed a handoff" in answer.json()["title"]
    assert "gonogo signoff shop v1.2.0" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("actor", "path", "body", "status", "said"),
    [
        (OWNER, "sign-offs", {"version": "v1.2.0", "role": "qa"}, 403, "dana (owner) may not sign"),
        (QA, "sign-offs", {"version": "v1.2.0", "role": "security"}, 403, "have the role security"),
        (QA, "sign-offs", {"version": "v9", "role": "qa"}, 404, 'has no tag "v9"'),
        (QA, "sign-offs", {"version": "v1.2.0", "role": "boss"}, 422, "body.role"),
        (
            QA,
            "sign-offs",
            {"version": "v1.2.0", "role": "qa", "criteria": "rollback: []"},
            422,
            'criteria.yaml:1:1: unknown key "rollback"',
        ),
        (CI, "handoff", {"version": "v1.2.0", "text": HANDOFF}, 403, "may not hand a version over"),
        (QA, "handoff", {"version": "v1.2.0", "text": "x: 1"}, 422, "handoff.yaml:1:1: "),
        (OPS, "acknowledgements", {"version": "v1.2.0"}, 409, "was not handed over yet"),
        (
            OPS,
            "acknowledgements",
            {"version": "v1.2.0", "at": "16:00"},
            422,
            "has no time zone",
        ),
        (OPS, "acknowledgements", {"version": "v1.2.0", "window": "1"}, 422, "has no unit"),
        (
            LEAD,
            "waivers",
            {"gate": "tests", "role": "tech_lead", "reason": "short", "until": "7d"},
            422,
            "at least 10",
        ),
        (QA, "ticks", {"checklist": "deploy", "item": "Migrations"}, 404, "did you mean"),
        (QA, "ticks", {"checklist": "deploy", "item": "x", "extra": 1}, 422, "body.extra"),
        (OPS, "freeze", {"on": False, "reason": "x"}, 409, "shop is not frozen"),
    ],
)
async def test_a_refusal_is_one_sentence_and_files_nothing(
    desk: Desk, as_: As, actor: Actor, path: str, body: dict[str, object], status: int, said: str
) -> None:
    if path == "sign-offs":
        body = {"digest": await seen(as_), **body}
    answer = await as_(actor).post(f"{SHOP}/{path}", json=body)
    assert answer.status_code == status
    assert said in answer.json()["title"]
    assert await desk.store.papers("shop", "a1b2c3d" + "e" * 33) == ()


async def test_waivers_ticks_freezes_and_withdrawals_are_filed(as_: As) -> None:
    waiver = {
        "gate": "tests",
        "role": "tech_lead",
        "reason": "a known flaky case",
        "until": "2026-03-05T12:00Z",
    }
    filed = (await as_(LEAD).post(f"{SHOP}/waivers", json=waiver)).json()
    assert filed["content"]["until"] == "2026-03-05T12:00:00+00:00"
    tick = {"checklist": "deploy", "item": "Migrations reviewed", "version": "v1.2.0"}
    assert (await as_(QA).post(f"{SHOP}/ticks", json=tick)).status_code == 201
    lists = await as_(QA).get(f"{SHOP}/checklists", params={"version": "v1.2.0"})
    assert [each["progress"]["done"] for each in lists.json()] == [1, 0]
    assert lists.json()[0]["components"][0] == {"name": "database", "done": 1, "total": 2}
    of_service = (await as_(QA).get(f"{SHOP}/checklists")).json()
    assert [each["name"] for each in of_service] == ["security"]
    freeze = {"on": True, "reason": "holidays", "until": "7d"}
    assert (await as_(OPS).post(f"{SHOP}/freeze", json=freeze)).status_code == 201
    where = f"/api/v1/papers/{filed['paper']}/withdrawal"
    refused = await as_(QA).post(where, json={"reason": "x"})
    assert (refused.status_code, "is lee's" in refused.json()["title"]) == (403, True)
    assert (await as_(LEAD).post(where, json={"reason": "fixed"})).status_code == 201


async def test_the_change_log_s_section_comes_from_commits(as_: As) -> None:
    found = await as_(QA).get(f"{SHOP}/handoff/change-log", params={"version": "v1.2.0"})
    assert found.json()["on"] == "2026-03-01"
    assert "### Added\n\n- **export:** orders as an Excel file" in found.json()["body"]


async def test_a_promoted_release_is_confirmed_line_by_line(desk: Desk, as_: As) -> None:
    asked = Verification(timedelta(minutes=30), OnSilence.NEEDS_PERSON, ("Login", "Orders"))
    release = a_release(plan=shop_plan(verification=asked), stage=Stage.VERIFYING)
    await desk.store.open(replace(release), AuditDraft("x", "person:release:start", "r1"), ())
    found = (await as_(QA).get("/api/v1/releases/r1/verification")).json()
    assert found["lines"] == ["Login", "Orders"]
    where = "/api/v1/releases/r1/instructions"
    refused = await as_(QA).post(where, json={"kind": "confirm", "reason": "fine"})
    assert (refused.status_code, "2 of 2 lines are not answered" in refused.text) == (422, True)
    lines = [{"name": "Login", "passed": True}, {"name": "Orders", "passed": False}]
    await as_(QA).post(where, json={"kind": "confirm", "lines": lines})
    (said,) = await desk.store.instructions("r1")
    assert (said.kind.value, said.reason) == ("reject", "Orders failed")
    pausing = await as_(QA).post(where, json={"kind": "pause", "reason": "x", "lines": lines})
    assert pausing.json()["title"] == "pause takes no lines; confirm and reject do"
