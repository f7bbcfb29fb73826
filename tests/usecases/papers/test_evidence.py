"""Evidence: what is filed of a pushed report, and which reports are refused."""

import io
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.papers import CI, NEW, OLD, QA, Desk, a_desk

from gonogo.domain.actor import Actor, Role
from gonogo.domain.dossier import Dossier, current
from gonogo.domain.errors import GonogoError, InvalidInput, NotAllowed, NotFound
from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.facts import TestFacts
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.usecases.papers import evidence
from gonogo.usecases.papers.evidence import Claims, Pushed, Report, push_evidence


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


def junit(*, failed: int = 0, commit: str | None = None) -> bytes:
    """A JUnit report of three cases that names no time."""
    failure = '<failure message="no"/>'
    cases = [
        f'<testcase classname="t" name="c{number}">{failure * (number < failed)}</testcase>'
        for number in range(3)
    ]
    named = f'<properties><property name="commit" value="{commit}"/></properties>' if commit else ""
    suite = (
        f'<testsuite name="unit" tests="3" failures="{failed}">{named}{"".join(cases)}</testsuite>'
    )
    return f"<testsuites>{suite}</testsuites>".encode()


def plain(subject: str = "measurements", **stamps: Any) -> bytes:
    """A report in the plain form."""
    drill = {"name": "nightly", "restored": True, "smoke_passed": True}
    drill |= {"data_age_seconds": 60, "restore_seconds": 5}
    said = {"measurements": [{"name": "export p95", "value": 1.4, "unit": "s"}], "drill": drill}
    return json.dumps({"gonogo": 1, subject: said[subject], **stamps}).encode()


def sarif(*tools: str) -> bytes:
    runs = [
        {
            "tool": {"driver": {"name": tool}},
            "results": [{"level": "error", "message": {"text": "x"}}],
        }
        for tool in tools
    ]
    return json.dumps({"version": "2.1.0", "runs": runs}).encode()


async def pushes(
    desk: Desk,
    *contents: bytes,
    actor: Actor = CI,
    name: str = "junit.xml",
    check_only: bool = False,
    **claims: Any,
) -> Pushed:
    values = {"version": "v1.2.0", "at": desk.clock.now(), **claims}
    reports = [Report(name, io.BytesIO(content)) for content in contents]
    return await push_evidence(
        desk.context,
        actor,
        service="shop",
        reports=reports,
        claims=Claims(**values),
        check_only=check_only,
    )


async def stored(desk: Desk, commit: str | None = NEW) -> tuple[Paper, ...]:
    return await desk.store.papers("shop", commit)


def content_of(paper: Paper) -> FiledEvidence:
    assert isinstance(paper.content, FiledEvidence)
    return paper.content


async def test_what_a_report_says_is_filed_under_the_versions_commit(desk: Desk) -> None:
    await pushes(desk, junit(failed=1), job="shop/1/test")
    (paper,) = await stored(desk)
    filed = content_of(paper)
    assert (paper.commit, paper.actor, paper.roles) == (NEW, "ci", (Role.CI,))
    assert isinstance(filed.evidence.facts, TestFacts)
    assert (filed.evidence.facts.failed, filed.job) == (1, "shop/1/test")


async def test_what_only_the_supplier_says_is_marked_as_a_claim(desk: Desk) -> None:
    made = desk.clock.now() - timedelta(hours=2)
    await pushes(desk, junit(), at=made)
    filed = content_of((await stored(desk))[0])
    assert (filed.at, filed.claimed_at, filed.claimed_commit) == (made, True, True)


async def test_a_reports_own_word_is_no_claim_and_counts_before_its_suppliers(desk: Desk) -> None:
    own = desk.clock.now() - timedelta(days=3)
    await pushes(desk, plain(commit=NEW, at=own.isoformat()), name="speed.json")
    filed = content_of((await stored(desk))[0])
    assert (filed.at, filed.claimed_at, filed.claimed_commit) == (own, False, False)


@pytest.mark.parametrize("said", [NEW, NEW[:7], NEW[:12].upper()])
async def test_a_report_may_abbreviate_its_commit(desk: Desk, said: str) -> None:
    await pushes(desk, junit(commit=said))
    assert not content_of((await stored(desk))[0]).claimed_commit


async def test_a_report_of_another_commit_is_refused_with_both_named(desk: Desk) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await pushes(desk, junit(commit=OLD))
    said = f"junit.xml is a report of another commit: it says {OLD[:12]}, and v1.2.0 is {NEW[:12]}"
    assert str(refusal.value) == said
    assert await stored(desk) == ()


async def test_a_report_from_the_future_is_refused(desk: Desk) -> None:
    ahead = desk.clock.now() + timedelta(minutes=6)
    for attempt in (
        pushes(desk, plain(at=ahead.isoformat()), name="speed.json"),
        pushes(desk, junit(), at=ahead),
    ):
        with pytest.raises(InvalidInput, match="is from the future"):
            await attempt
    assert await stored(desk) == ()


async def test_clocks_may_differ_a_little_and_a_claim_never_lies_ahead(desk: Desk) -> None:
    await pushes(desk, junit(), at=desk.clock.now() + timedelta(minutes=4))
    assert content_of((await stored(desk))[0]).at == desk.clock.now()


async def test_a_report_without_a_time_needs_a_claim(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"junit\.xml does not say when it was made"):
        await pushes(desk, junit(), at=None)


async def test_the_same_file_pushed_twice_is_one_paper_and_does_not_get_younger(desk: Desk) -> None:
    first = await pushes(desk, junit())
    desk.clock.forward(days=5)
    second = await pushes(desk, junit())
    assert await stored(desk) == first.papers == second.papers
    assert (first.known, second.known) == (frozenset(), {first.papers[0].id})
    entries = [entry.action async for entry in desk.store.entries(subject="shop")]
    assert entries.count("person:version:evidence") == 1


async def test_somebody_elses_push_of_the_same_file_is_a_paper_of_theirs(desk: Desk) -> None:
    await pushes(desk, junit())
    await pushes(desk, junit(), actor=QA)
    assert [paper.actor for paper in await stored(desk)] == ["ci", "quinn"]


async def test_a_file_that_another_replaced_can_be_pushed_again_and_counts(desk: Desk) -> None:
    await pushes(desk, junit())
    for content in (junit(failed=1), junit()):
        desk.clock.forward(minutes=1)
        await pushes(desk, content)
    (counted,) = current(Dossier("shop", "v1.2.0", NEW, await stored(desk)))
    assert isinstance(counted.content.evidence.facts, TestFacts)
    assert counted.content.evidence.facts.failed == 0
    assert len(await stored(desk)) == 3


async def test_the_same_file_may_be_evidence_of_two_versions(desk: Desk) -> None:
    for version in ("v1.1.0", "v1.2.0"):
        assert (await pushes(desk, junit(), version=version)).known == frozenset()
    assert len(await stored(desk, OLD)) == len(await stored(desk, NEW)) == 1


async def test_every_tool_in_one_file_is_filed_and_counts(desk: Desk) -> None:
    content = sarif("bandit", "semgrep")
    for _ in range(2):
        await pushes(desk, content, name="all.sarif")
    counted = current(Dossier("shop", "v1.2.0", NEW, await stored(desk)))
    assert [each.content.evidence.facts.tool for each in counted] == ["bandit", "semgrep"]  # type: ignore[union-attr]


async def test_when_one_of_two_reports_is_bad_neither_is_filed(desk: Desk) -> None:
    before = [entry async for entry in desk.store.entries()]
    with pytest.raises(InvalidInput):
        await pushes(desk, junit(), junit()[:-20])
    assert await stored(desk) == ()
    assert [entry async for entry in desk.store.entries()] == before


async def test_a_check_reads_everything_and_files_nothing(desk: Desk) -> None:
    pushed = await pushes(desk, junit(), check_only=True)
    assert [content_of(paper).evidence.kind for paper in pushed.papers] == [EvidenceKind.TESTS]
    assert await stored(desk) == ()
    with pytest.raises(InvalidInput):
        await pushes(desk, junit(commit=OLD), check_only=True)


async def test_a_drill_may_be_of_the_service_as_a_whole(desk: Desk) -> None:
    await pushes(desk, plain("drill"), name="drill.json", version=None)
    (paper,) = await stored(desk, None)
    assert (paper.commit, content_of(paper).claimed_commit) == (None, False)


async def test_a_test_report_is_of_a_version(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"junit\.xml: tests evidence is of one version"):
        await pushes(desk, junit(), version=None)


async def test_a_commit_that_has_no_tag_can_have_evidence(desk: Desk) -> None:
    await pushes(desk, junit(), version=None, commit="9" * 40)
    assert (await pushes(desk, junit(), version="9" * 40)).known
    shown = await evidence.list_evidence(desk.context, QA, service="shop", version="9" * 40)
    assert [each["commit"] for each in shown] == ["9" * 40]


@pytest.mark.parametrize("commit", ["9" * 39, "main", "9" * 7, "Z" * 40])
async def test_a_commit_is_named_in_full(desk: Desk, commit: str) -> None:
    with pytest.raises(InvalidInput, match="is not the full name of a commit"):
        await pushes(desk, junit(), version=None, commit=commit)


async def test_a_tag_that_is_another_commit_here_than_there_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"v1\.2\.0 is commit a1b2c3deeeee in the desk's"):
        await pushes(desk, junit(), commit=OLD)


async def test_an_unknown_service_or_version_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await pushes(desk, junit(), version="v9")
    with pytest.raises(NotFound, match='no service "shoe" is registered'):
        await evidence.list_evidence(desk.context, CI, service="shoe")


async def test_what_the_desk_finds_out_itself_cannot_be_pushed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "OF_THE_DESK", frozenset({EvidenceKind.TESTS}))
    with pytest.raises(InvalidInput, match="only the desk itself makes tests evidence"):
        await pushes(desk, junit())


@pytest.mark.parametrize("job", ["x" * 301, "a\nb", "a\u202eb"])
async def test_a_jobs_name_is_short_and_printable(desk: Desk, job: str) -> None:
    with pytest.raises(InvalidInput, match="a job's name has up to 300"):
        await pushes(desk, junit(), job=job)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DESK])
async def test_a_role_that_may_not_supply_evidence_is_refused(desk: Desk, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await pushes(desk, junit(), actor=Actor("x", frozenset({role})))
    assert await stored(desk) == ()


@pytest.mark.parametrize("content", [b"", b"hello", b"<testsuites>", b"\x00" * 100, b"{}"])
async def test_what_cannot_be_read_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(GonogoError, match=r"junit\.xml"):
        await pushes(desk, content)
    assert await stored(desk) == ()


async def test_the_list_shows_what_is_filed_with_its_age(desk: Desk) -> None:
    await pushes(desk, junit(), at=desk.clock.now() - timedelta(hours=1))
    await pushes(desk, plain("drill"), name="drill.json", version=None)
    desk.clock.forward(hours=1)
    shown = await evidence.list_evidence(desk.context, QA, service="shop", version="v1.2.0")
    assert [(each["kind"], each["age_seconds"]) for each in shown] == [
        ("tests", 7200.0),
        ("drill", 3600.0),
    ]
    assert datetime.fromisoformat(shown[0]["at"]).tzinfo is not None


async def test_whoever_drives_a_release_of_the_service_is_told(desk: Desk) -> None:
    from gonogo.usecases.releases.lifecycle import start_release

    owner = Actor("dana", frozenset({Role.OWNER}))
    release = await start_release(desk.context, owner, service="shop", version="v1.2.0")
    desk.woken.clear()
    await pushes(desk, junit())
    assert desk.woken == [release.id]
