"""History: searched, counted, exported."""

import asyncio
import csv
import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.papers import NEW, OWNER, Desk, a_desk
from tests.web.desk.conftest import Visit

from gonogo.domain.audit import AuditDraft
from gonogo.domain.release import Release, Stage
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.ports.store import Change
from gonogo.usecases.views import history
from gonogo.web.desk import tables
from gonogo.web.desk.pages.history import HEAD, Filters, _cells
from gonogo.web.desk.tables import csv_file, xlsx_file


async def past(
    desk: Desk, version: str, stage: Stage, *, reason: str = "", exposed: bool = True
) -> None:
    """A release that has come to this end."""
    registration = await desk.store.registration("shop")
    assert registration is not None
    now = desk.clock.now()
    release = Release(
        id=f"shop-{version}-{stage}",
        service="shop",
        version=version,
        commit=NEW,
        previous="v1.1.0",
        plan=registration.plan,
        actor="olga",
        created_at=now - timedelta(minutes=30),
        stage=Stage.DRAFT,
        stage_since=now,
        reason="asked for",
    )
    stored = await desk.store.open(
        release, AuditDraft("olga", "person:release:open", release.id), ()
    )
    lease = await desk.store.claim(stored.id, "desk", now, now + timedelta(minutes=1))
    assert lease is not None
    from dataclasses import replace

    ended = replace(stored, stage=stage, reason=reason or stage.value, exposed=exposed)
    await desk.store.record(Change(release=ended, lease=lease))


async def test_a_search_finds_by_version_outcome_and_reason(visit: Visit):
    await past(visit.desk, "v1.2.0", Stage.ROLLED_BACK, reason="errors: too many")
    await past(visit.desk, "v1.2.1", Stage.RELEASED)
    everything = (await visit.open("/history")).text
    assert "v1.2.0" in everything
    assert "v1.2.1" in everything
    taken_back = (await visit.open("/history?outcome=rolled_back")).text
    assert "v1.2.0" in taken_back
    assert "v1.2.1" not in taken_back
    assert "v1.2.1" not in (await visit.open("/history?q=TOO+MANY")).text


async def test_what_cannot_be_asked_for_finds_nothing_instead_of_everything(visit: Visit):
    await past(visit.desk, "v1.2.1", Stage.RELEASED)
    for query in ("outcome=fine", "since=yesterday", "service=nobody"):
        assert "No release fits." in (await visit.open(f"/history?{query}")).text


async def test_the_four_figures_say_over_what_they_were_measured():
    async with a_desk() as desk:
        await past(desk, "v1.2.0", Stage.ROLLED_BACK)
        await past(desk, "v1.2.1", Stage.RELEASED)
        await past(desk, "v1.1.0", Stage.NO_GO, exposed=False)
        told = await history.dora(desk.context, OWNER, window=timedelta(days=7))
    assert (told.released, told.failed) == (1, 1)
    assert told.frequency == pytest.approx(1.0)
    assert told.failure_share == 0.5
    assert told.restore_time is None
    assert told.restores == 0


async def test_a_formula_in_a_table_stays_text(visit: Visit):
    await past(visit.desk, "v1.2.0", Stage.NO_GO, reason="=HYPERLINK(1)")
    table = await visit.open("/history/releases.csv")
    rows = list(csv.reader(io.StringIO(table.text.lstrip("\ufeff"))))
    assert rows[0] == list(HEAD)
    assert rows[1][HEAD.index("reason")] == "'=HYPERLINK(1)"


async def test_a_spreadsheet_opens_and_has_every_release(visit: Visit):
    await past(visit.desk, "v1.2.0", Stage.NO_GO)
    book = await visit.open("/history/releases.xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 2
    assert "<f>" not in sheet


@pytest.mark.slow
@pytest.mark.parametrize("make", [csv_file, xlsx_file])
async def test_a_hundred_thousand_rows_are_written_within_128_mb(make):
    async def lines() -> AsyncIterator[list[ReleaseLine]]:
        async with a_desk() as desk:
            now = desk.clock.now()
        one = ReleaseLine(
            1, "id", "shop", "v1", NEW, None, "olga", now, Stage.RELEASED, now, "x" * 300, True, 1
        )
        for _ in range(100):
            yield [one] * 1000

    tracemalloc.start()
    response = await make("releases", HEAD, lines(), _cells)
    if hasattr(response, "body_iterator"):
        async for _ in response.body_iterator:
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if response.background is not None:
        await response.background()
    assert peak < 128 * 1024**2


def test_a_day_begins_where_the_reader_is():
    from gonogo.language.reader import Reader

    search = Filters(since="۲۰۲۶-۰۳-۲۱").search(Reader.of("fa", "Asia/Tehran"))
    assert isinstance(search, ReleaseSearch)
    assert search.since is not None
    assert search.since.isoformat() == "2026-03-20T20:30:00+00:00"


async def test_a_few_spreadsheets_are_written_at_once_and_csv_always_goes(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tables, "_writing", asyncio.Semaphore(0))
    answers = [await visit.open(f"/history/releases.{kind}") for kind in ("xlsx", "csv")]
    assert [each.status_code for each in answers] == [503, 200]
