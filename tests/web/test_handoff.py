"""The handoff page: what it tells, in Markdown and in HTML, and that foreign text cannot act in it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from tests.papers import ADMIN, NEW, OPS, QA, Desk, a_desk, shop_plan
from tests.plans import START, a_release

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateResult, GateStatus
from gonogo.domain.paper import Acknowledgement
from gonogo.domain.plan import OnSilence, Verification
from gonogo.domain.release import InstructionKind, Stage, VerifiedLine
from gonogo.gates.written import decision_data
from gonogo.usecases.gates.sign_offs import sign_off, withdraw
from gonogo.usecases.gates.waivers import freeze, waive
from gonogo.usecases.papers.checklists import tick
from gonogo.usecases.papers.handoff import acknowledge, hand_over, read_handoff
from gonogo.usecases.papers.versions import find_version
from gonogo.usecases.releases.verification import verify
from gonogo.usecases.views.paper_views import summary_view
from gonogo.usecases.views.summary import Summary, handoff_summary, summarize
from gonogo.web.handoff import html, markdown

FILE = """
scope: "Sprint 16: order tracking"
stories: 3 of 3
bugs: 4 of 5
changes: ["STORY-123: Order tracking", "FIX-234: Totals"]
known_issues: [{title: "STORY-145: no photo", severity: low, owner: orders team}]
risks: [{title: slow export, severity: medium, mitigation: "10,000 rows"}]
release_notes: |
  ### Features

  - customers follow their order
rollback_when:
  - {name: tracking, bad: 5xx, on: GET /tracking, limit: 5%, within: 30m, mode: literal}
"""


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def page(desk: Desk) -> Summary:
    return await summarize(desk.context, QA, service="shop", version="v1.2.0")


async def everything(desk: Desk, file: str = FILE) -> None:
    context, of = desk.context, {"service": "shop", "version": "v1.2.0"}
    await desk.evidence(failed=1)
    await hand_over(context, QA, handoff=read_handoff(file, "handoff.yaml"), **of)
    digest = (await find_version(context, "shop", "v1.2.0")).digest
    first = await sign_off(context, QA, role=Role.QA, digest_seen=digest, **of)
    await withdraw(context, QA, paper_id=first.id, reason="found a bug")
    await sign_off(context, OPS, role=Role.DEVOPS, digest_seen=digest, note="fine", **of)
    plan = Acknowledgement(
        START + timedelta(hours=4),
        timedelta(hours=1),
        timedelta(minutes=15),
        steps=("clear cache",),
    )
    await acknowledge(context, OPS, acknowledgement=plan, **of)
    await tick(context, QA, checklist="deploy", item="Migrations reviewed", **of)
    await waive(
        context,
        ADMIN,
        service="shop",
        gate="tests",
        role=Role.ADMIN,
        reason="a known flaky case",
        until="7d",
    )
    release = a_release(version="v1.2.0", commit=NEW, stage=Stage.RELEASED, previous="v1.1.0")
    await desk.store.open(release, AuditDraft("x", "person:release:start", "r1"), ())


TOLD = (
    "Sprint 16: order tracking",
    "Stories tested",
    "3 of 3 ✓",
    "4 of 5 ✕",
    "214 of 215 passed, 1 failed ✕",
    "STORY-123: Order tracking",
    "STORY-145: no photo",
    "10,000 rows",
    "customers follow their order",
    "more than 5% 5xx on GET /tracking within 30m",
    "void: was taken back by quinn at 2026-03-01 12:00 UTC: found a bug",
    "✓ devops",
    "Still to sign: QA (0 of 1), tech lead (0 of 1).",
    "2026-03-01 16:00 UTC",
    "about 15 min",
    "none expected",
    "no: the spec names no command for them",
    "clear cache",
    "a known flaky case",
    "Checklist: deploy",
    "1 of 3 done (database 1 of 2, monitoring 0 of 1).",
    "Checklist: security",
    "report.xml",
    "111111111111",
    "docs/runbook.md",
    "https://grafana.example.invalid/d/orders",
    "shop v1.2.0 ended as released",
    "after v1.1.0",
    "goes back to v1.1.0",
    f"commit {NEW}",
)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


class Words(HTMLParser):
    """The text of a page, and what its elements point to."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags, self.addresses = "", [], []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def words(text: str) -> Words:
    parser = Words()
    parser.feed(text)
    return parser


@pytest.mark.parametrize("told", TOLD)
async def test_both_pages_tell_everything_that_was_filed(desk: Desk, told: str) -> None:
    await everything(desk)
    found = await page(desk)
    assert told in unescaped(markdown(found))
    assert told in " ".join(words(html(found)).text.split())


async def test_a_void_sign_off_is_struck_through(desk: Desk) -> None:
    await everything(desk)
    found = await page(desk)
    assert "| ~~✕ QA~~ | ~~quinn~~ |" in markdown(found)
    assert '<s class="struck">quinn</s>' in html(found)


async def test_a_version_of_which_nothing_is_known_is_told_so(desk: Desk) -> None:
    text = unescaped(markdown(await page(desk)))
    for told in (
        "not handed over yet",
        "No result was filed.",
        "nothing to go back to",
        "Not told: the version was not handed over yet.",
        "Nobody has signed.",
        "Operations has not acknowledged it yet.",
        "It was not released yet.",
        "**export:** orders as an Excel file",
    ):
        assert told in text, told


async def test_gates_are_told_with_their_reasons(desk: Desk) -> None:
    candidate = await find_version(desk.context, "shop", "v1.2.0")
    result = GateResult(
        GateKind.LOAD_TEST,
        GateMode.REQUIRED,
        GateStatus.STALE,
        "9 days old (limit 7)",
        owner="perf",
    )
    sentence = "HOLD: 1 of 4 gates blocks: load test is 9 days old (limit 7)"
    decision = Decision(Answer.HOLD, sentence, NEW, "d", START, (result,))
    found = handoff_summary(candidate.dossier, shop_plan(), START, decision=decision)
    text = unescaped(markdown(found))
    assert f"**{sentence}**" in text
    assert "| load test | ! stale | required | 9 days old (limit 7) | perf |" in text
    assert sentence in words(html(found)).text


async def test_before_a_release_the_page_says_what_the_gates_would_say(desk: Desk) -> None:
    await desk.evidence()
    found = await page(desk)
    assert (found.decision or "").startswith("HOLD: 3 of 4 gates are missing")
    statuses = {result.kind: result.status for result in found.gates}
    assert statuses[GateKind.TESTS] is GateStatus.PASS
    assert statuses[GateKind.ACKNOWLEDGEMENT] is GateStatus.MISSING


async def test_an_ended_release_shows_the_decision_that_was_made(desk: Desk) -> None:
    result = GateResult(GateKind.TESTS, GateMode.REQUIRED, GateStatus.PASS, "214 passed")
    decision = Decision(Answer.GO, "GO: 1 gate passed", NEW, "d", START, (result,))
    release = a_release(version="v1.2.0", commit=NEW, stage=Stage.RELEASED)
    audit = AuditDraft("desk", "gates:release:go", "r1", decision_data(decision))
    await desk.store.open(release, audit, ())
    desk.clock.forward(days=400)
    found = await page(desk)
    assert found.decision == "GO: 1 gate passed"
    assert found.gates == (result,)


async def test_what_a_person_tried_in_production_is_told_line_by_line(desk: Desk) -> None:
    asked = Verification(timedelta(minutes=30), OnSilence.NEEDS_PERSON, ("Login", "Orders"))
    plan = shop_plan(verification=asked)
    release = a_release(version="v1.2.0", commit=NEW, stage=Stage.VERIFYING, plan=plan)
    await desk.store.open(release, AuditDraft("x", "person:release:start", "r1"), ())
    lines = (VerifiedLine("Login", True, 12.0), VerifiedLine("Orders", False, note="HTTP 500"))
    word = InstructionKind.CONFIRM
    await verify(desk.context, QA, reference="r1", kind=word, lines=lines)
    text = unescaped(markdown(await page(desk)))
    assert "| Login | ✓ pass | 12 s |  |\n| Orders | ✕ fail |  | HTTP 500 |" in text
    assert "Verified by quinn." in text


async def test_an_acknowledgement_of_an_older_handoff_does_not_count(desk: Desk) -> None:
    await everything(desk)
    handoff = read_handoff("scope: once more", "handoff.yaml")
    await hand_over(desk.context, QA, service="shop", version="v1.2.0", handoff=handoff)
    assert "olga, 2026-03-01 12:00 UTC; void: the handoff is newer" in unescaped(
        markdown(await page(desk))
    )


async def test_a_freeze_stands_on_top(desk: Desk) -> None:
    await freeze(desk.context, OPS, service="shop", on=True, reason="holidays")
    assert "- releases are frozen by olga: holidays" in markdown(await page(desk))


HOSTILE = (
    'scope: "<script>alert(1)</script> | a \\u202e b <img src=x onerror=y>"\n'
    'changes: ["[click](javascript:alert(1)) | x"]\n'
    'known_issues: [{title: "a | b c", severity: high, mitigation: "<b>x</b>"}]\n'
    'release_notes: "<script>alert(1)</script>"\n'
)


async def test_foreign_text_cannot_act(desk: Desk) -> None:
    await everything(desk, HOSTILE)
    found = await page(desk)
    parsed = words(html(found))
    assert "script" not in parsed.tags
    assert "img" not in parsed.tags
    assert parsed.addresses == []
    assert "\u202e" not in html(found)
    text = markdown(found)
    assert "\u202e" not in text
    assert not re.search(r"(?<!\\)<(?!/?bdi)", text)
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    rows = [line for line in text.splitlines() if "a \\| b c" in line]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5


async def test_the_page_as_data_has_times_and_progress(desk: Desk) -> None:
    await everything(desk)
    view = summary_view(await page(desk))
    assert view["takeover"]["content"]["starts_at"] == "2026-03-01T16:00:00+00:00"
    assert view["takeover"]["content"]["window"] == 3600
    assert view["checklists"][0]["progress"] == {"name": "deploy", "done": 1, "total": 3}
    assert [each["done"] for each in view["checklists"][0]["components"]] == [1, 0]
    assert view["sign_offs"][0]["void"].startswith("was taken back by quinn")


async def test_evidence_filed_after_a_sign_off_voids_it(desk: Desk) -> None:
    await everything(desk)
    await desk.evidence(digest="22" * 32)
    signed = (await page(desk)).sign_offs[1]
    assert (signed.actor, signed.void) == ("olga", "was for other evidence; since then: report.xml")
