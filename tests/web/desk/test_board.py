"""The board's page: what everybody sees, what one visitor sees first, and what a filter leaves out."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from tests.plans import a_release
from tests.web.desk.conftest import Visit

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateResult, GateStatus
from gonogo.domain.release import Stage
from gonogo.gates.written import decision_data
from gonogo.language.reader import Reader
from gonogo.ports.store import Change
from gonogo.web.desk.hub import Hub
from gonogo.web.desk.pages.board import BOARD


async def blocked(
    visit: Visit,
    release_id: str,
    asks: str,
    *,
    stage: Stage = Stage.HELD,
    gate: Mapping[str, Any] = MappingProxyType({}),
    **changes: object,
) -> None:
    """A release that one gate holds."""
    store, now = visit.desk.store, visit.desk.clock.now()
    release = a_release(id=release_id, stage=stage, **changes)
    entry = AuditDraft("x", "person:release:start", release_id)
    stored = await store.open(release, entry, ())
    lease = await store.claim(release_id, "here", now, now + timedelta(days=1))
    missing = GateResult(
        GateKind.SIGN_OFFS, GateMode.REQUIRED, GateStatus.MISSING, "0 of 1 sign-offs", asks=(asks,)
    )
    gates = (replace(missing, **gate),)
    said = Decision(Answer.HOLD, "HOLD: 1 gate is missing", "c" * 40, "d" * 64, now, gates)
    decision = AuditDraft("desk", "gates:release:hold", release_id, decision_data(said))
    await store.record(Change(stored, lease, decision))


async def test_every_service_stands_on_the_board(visit: Visit):
    page = await visit.open("/")
    assert page.status_code == 200
    assert "shop" in page.text


async def test_the_page_loads_nothing_that_its_policy_forbids(visit: Visit):
    page = await visit.open("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<style" not in page.text
    assert 'style="' not in page.text
    assert " onclick=" not in page.text


async def test_a_persian_reader_gets_a_page_from_right_to_left(visit: Visit):
    page = await visit.open("/", reads="fa|Asia/Tehran||")
    assert '<html lang="fa" dir="rtl"' in page.text


async def test_an_empty_board_tells_the_next_command(visit: Visit):
    assert "gonogo release" in (await visit.open("/")).text


async def test_a_blocked_release_tells_its_gate_its_reason_and_who_is_asked(visit: Visit):
    await blocked(visit, "r1", "QA")
    text = (await visit.open("/")).text
    for told in ("Hold", "sign-offs", "0 of 1 sign-offs", "Waiting for", "QA", "/releases/r1"):
        assert told in text


async def test_nobody_is_asked_for_smoke_tests_that_the_desk_is_about_to_run(visit: Visit):
    smoke = {"kind": GateKind.SMOKE, "later": True}
    await blocked(visit, "r1", "QA", stage=Stage.STAGING, gate=smoke)
    text = (await visit.open("/", token=await visit.token(Role.QA))).text
    assert "/releases/r1" in text
    assert " data-mine" not in text
    assert "Waiting for <" not in text


async def test_what_needs_the_visitor_comes_first_and_is_said_to(visit: Visit):
    await blocked(visit, "first", "QA")
    visit.desk.clock.forward(minutes=5)
    await blocked(visit, "second", "tech lead", service="bakery")
    qa, lead = await visit.token(Role.QA), await visit.token(Role.TECH_LEAD)
    for token, order in ((qa, ["first", "second"]), (lead, ["second", "first"])):
        text = (await visit.open("/", token=token)).text
        assert sorted(order, key=lambda name: text.index(f"going-{name}")) == order
        assert text.count(" data-mine") == 1


async def test_a_filter_stands_in_the_address_and_hides_the_rest(visit: Visit):
    await blocked(visit, "r1", "QA")
    await blocked(visit, "r2", "tech lead", service="bakery")

    async def hidden(query: str) -> int:
        page = (await visit.open(f"/?{query}", token=qa)).text
        return len(re.findall(r'<li id="going-[^>]* hidden>', page))

    qa = await visit.token(Role.QA)
    assert [await hidden(each) for each in ("", "service=BAK", "state=go", "needs=me")] == [
        0,
        1,
        2,
        1,
    ]
    assert 'value="BAK"' in (await visit.open("/?service=BAK")).text


async def test_whatever_stands_in_the_address_gets_a_page(visit: Visit):
    for query in ("state=nothing", "needs=%20", "service=" + "x" * 5000, "service=%F0%9F%98%80<b>"):
        assert (await visit.open(f"/?{query}")).status_code == 200


async def test_a_page_says_what_it_has_so_that_it_is_not_sent_again(visit: Visit):
    await blocked(visit, "r1", "QA")
    page = (await visit.open("/?service=none", token=await visit.token(Role.QA))).text
    shown = await Hub(visit.desk.context).now(BOARD.name, Reader())
    assert f'data-live="board" data-seen="{shown.seen}"' in page


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202etxt.exe", "x" * 10_000, '" onload="alert(1)']
)
async def test_hostile_names_are_harmless(visit: Visit, name: str):
    store, shop = visit.desk.store, await visit.desk.store.registration("shop")
    known = replace(shop, service=name, plan=replace(shop.plan, service=name))
    await store.register(known, AuditDraft("x", "person:service:register", "x"))
    await blocked(visit, "r1", name, service=name, version=name, reason=name)
    page = await visit.open("/")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert 'onload="alert' not in page.text
    assert len(page.text) < 30_000
