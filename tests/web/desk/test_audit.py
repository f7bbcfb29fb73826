"""The audit chain as a page."""

import asyncio
import csv
import io
import json
import re

import pytest
from tests.web.desk.conftest import Visit

from gonogo.domain.audit import AuditDraft
from gonogo.usecases.desk.operation import verify_chain


async def test_every_entry_can_be_found_by_who_did_it(visit: Visit):
    await visit.desk.store.append(AuditDraft("quinn", "person:note:make", "shop"))
    page = await visit.open("/audit?actor=quinn")
    assert "person:note:make" in page.text
    assert "person:service:register" not in page.text


async def test_a_hostile_entry_cannot_act(visit: Visit):
    data = {"reason": "<script>alert(1)</script>"}
    await visit.desk.store.append(AuditDraft("<b>", "person:note:make", "\u202eshop", data))
    page = await visit.open("/audit")
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text
    assert "\u202e" not in page.text


async def test_a_long_value_is_cut_in_its_row_without_english_words_about_it(visit: Visit):
    await visit.desk.store.append(AuditDraft("quinn", "person:note:make", "shop", {"a": "x" * 90}))
    page = await visit.open("/audit?actor=quinn", reads="fa|Asia/Tehran||")
    assert f"{'x' * 59}…" in page.text
    assert "characters" not in page.text


async def test_the_chain_is_checked_on_demand(visit: Visit):
    assert "hold together." in (await visit.open("/audit/check")).text


async def test_the_whole_chain_is_given_out_as_json_and_csv(visit: Visit):
    for number in range(3):
        await visit.desk.store.append(AuditDraft("quinn", "person:note:make", f"n{number}"))
    told = json.loads((await visit.open("/audit/entries.json?actor=quinn")).text)
    assert [each["subject"] for each in told] == ["n2", "n1", "n0"]
    table = (await visit.open("/audit/entries.csv?actor=quinn")).text.lstrip("\ufeff")
    assert [row[4] for row in csv.reader(io.StringIO(table))][1:] == ["n2", "n1", "n0"]
    assert json.loads((await visit.open("/audit/entries.json?actor=nobody")).text) == []


async def test_long_chains_are_shown_page_by_page(visit: Visit):
    for number in range(120):
        await visit.desk.store.append(AuditDraft("quinn", "person:note:make", f"n{number}"))
    page = await visit.open("/audit?actor=quinn")
    assert "n119" in page.text
    assert ">n5<" not in page.text
    before = page.text.split("before=")[1].split('"')[0].split("&")[0]
    assert ">n5<" in (await visit.open(f"/audit/rows?actor=quinn&before={before}")).text


async def test_who_asks_for_the_chain_while_it_is_checked_makes_no_second_check(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    begun = 0
    entries = visit.desk.store.entries

    def counted(**options: object) -> object:
        nonlocal begun
        begun += 1
        return entries(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(visit.desk.store, "entries", counted)
    found = await asyncio.gather(*(verify_chain(visit.desk.context) for _ in range(5)))
    assert (begun, {each.entries for each in found}) == (1, {2})
    await visit.open("/audit/check")
    assert begun == 2


async def _with_notes(visit: Visit, count: int) -> None:
    for number in range(count):
        await visit.desk.store.append(AuditDraft("quinn", "person:note:make", f"n{number}"))


def _marked(page: str) -> list[str]:
    return re.findall(r'<tr id="entry-(\d+)" aria-current="true"', page)


def _rows(page: str) -> list[int]:
    return [int(each) for each in re.findall(r'<tr id="entry-(\d+)"', page)]


async def test_a_link_to_an_entry_opens_at_it_among_its_neighbours(visit: Visit):
    await _with_notes(visit, 150)
    page = (await visit.open("/audit?entry=20")).text
    assert _marked(page) == ["20"]
    assert _rows(page) == list(range(25, 0, -1))
    newer = (await visit.open("/audit/rows?after=25")).text
    assert _rows(newer) == list(range(125, 25, -1))
    assert 'after=125"' in newer
    assert 'after=25"' in page


async def test_an_entry_may_be_asked_for_in_the_readers_digits(visit: Visit):
    await _with_notes(visit, 30)
    assert _marked((await visit.open("/audit?entry=۲۰", reads="fa|Asia/Tehran||")).text) == ["20"]


@pytest.mark.parametrize("entry", ["4000", "0", "seven", "9" * 30])
async def test_an_entry_that_does_not_exist_is_said_to_be_missing(visit: Visit, entry: str):
    await _with_notes(visit, 3)
    page = await visit.open(f"/audit?entry={entry}")
    assert page.status_code == 404
    assert "There is no entry" in page.text
    assert _marked(page.text) == []


async def test_an_entry_that_the_filters_leave_out_is_said_to_be_left_out(visit: Visit):
    await _with_notes(visit, 3)
    page = await visit.open("/audit?entry=1&actor=quinn")
    assert page.status_code == 200
    assert "is among those that fit" in page.text
