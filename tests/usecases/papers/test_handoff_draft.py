"""A draft says what is known, and can be handed over as it is."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.papers import COMMITS, QA, Desk, a_commit, a_desk, shop_plan

from gonogo.domain.change import CommitNote
from gonogo.domain.facts import Hazard, MigrationFacts, Operation
from gonogo.domain.plan import Command, Migrations
from gonogo.usecases.papers.handoff import hand_over, read_handoff
from gonogo.usecases.papers.handoff_draft import Draft, draft_handoff

MIGRATED = shop_plan(migrations=Migrations(Command("upgrade", "migrate up")))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk(MIGRATED) as made:
        yield made


async def drafted(desk: Desk, version: str = "v1.2.0") -> Draft:
    return await draft_handoff(desk.context, QA, service="shop", version=version)


async def test_the_draft_is_a_handoff_that_can_be_filed(desk: Desk) -> None:
    draft = await drafted(desk)
    handoff = read_handoff(draft.text, "draft")
    assert handoff.version == "v1.2.0"
    assert handoff.scope == "v1.2.0, 1 feature, 1 fix since v1.1.0"
    assert handoff.changes == ("orders as an Excel file", "total of a cancelled order")
    assert "- **export:** orders as an Excel file (bbbbbbb)" in handoff.release_notes
    assert "### Merged\n\n- feature/export (ddddddd)" in handoff.release_notes
    await hand_over(desk.context, QA, service="shop", version="v1.2.0", handoff=handoff)


async def test_a_tag_that_is_too_small_is_told(desk: Desk) -> None:
    draft = await drafted(desk, "v1.2.1")
    assert draft.previous == "v1.2.0"
    assert "# v1.2.1 has a feature: v1.3.0 would fit." in draft.text.splitlines()


async def test_evidence_that_was_filed_is_listed_with_what_it_says(desk: Desk) -> None:
    assert "# No evidence was filed yet" in (await drafted(desk)).text
    await desk.evidence(failed=2)
    line = "# - Tests (report.xml): 214 of 216 passed, 2 failed; 2026-03-01 12:00 UTC, 1111111"
    assert line in (await drafted(desk)).text.splitlines()


async def test_migrations_are_told_by_evidence_before_files(desk: Desk) -> None:
    assert (await drafted(desk)).migrations == "probably: migrations/versions/003.py changed"
    drop = Operation(Hazard.DESTRUCTIVE, "drops column orders.courier", 3, "later")
    await desk.facts(MigrationFacts("sqlite", ("003",), 4, (drop,)), "44" * 32, "up.sql")
    said = "yes: 1 revision; destructive: drops column orders.courier (up.sql)"
    assert (await drafted(desk)).migrations == said
    desk.clock.forward(minutes=1)
    await desk.facts(MigrationFacts("sqlite", (), 0), "55" * 32, "up.sql")
    assert (await drafted(desk)).migrations == "no (up.sql)"


async def test_without_history_it_says_that_commits_could_not_be_read(desk: Desk) -> None:
    desk.history.gone = True
    draft = await drafted(desk)
    assert "the commits could not be read" in read_handoff(draft.text, "draft").scope
    assert draft.migrations == "not known: no evidence, and the change cannot be read"
    assert draft.fit == ""


@pytest.mark.parametrize(
    "subject",
    [
        'feat: "quoted": [x] {y} # z',
        "feat: a\u2028b\u0085c\u202ed\x07e",
        "fix: \\u0000 \\n 'single'",
        "feat: " + "long " * 200,
        "feat: 🚀 отслеживание سفارش",
        "--- not: a document",
    ],
)
async def test_no_subject_of_a_commit_can_break_the_file(desk: Desk, subject: str) -> None:
    desk.history.commits = (a_commit("b" * 40, subject), *COMMITS)
    handoff = read_handoff((await drafted(desk)).text, "draft")
    assert handoff.version == "v1.2.0"
    assert handoff.known_issues == ()


async def test_no_name_of_a_report_can_add_a_line(desk: Desk) -> None:
    await desk.evidence(name="report.xml\nrisks: [{title: x, severity: low}]")
    assert read_handoff((await drafted(desk)).text, "draft").risks == ()


async def test_a_thousand_commits_still_make_a_handoff(desk: Desk) -> None:
    many = [
        replace(COMMITS[0], id=f"{number:040x}", subject=f"feat: change number {number}")
        for number in range(1000)
    ]
    desk.history.commits = tuple[CommitNote, ...](many)
    handoff = read_handoff((await drafted(desk)).text, "draft")
    assert len(handoff.changes) == 100
    assert "lines more" in handoff.release_notes
