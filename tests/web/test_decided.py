"""The report's section on the gates' decision."""

import re
from dataclasses import replace

import pytest

from gonogo.domain.audit import AuditDraft, link
from gonogo.domain.story import Story
from gonogo.web.report import render


def text_of(html: str) -> str:
    """What a reader sees from the section on, in one line."""
    section = html[html.index(">Decision <") :]
    section = section[: section.index("What the judge said")]
    return " ".join(re.sub(r"<[^>]+>", " ", section).replace("&#34;", '"').split())


def rows(html: str) -> list[str]:
    table = re.search(r'<table class="assessments gates">.*?</table>', html, re.DOTALL)
    assert table
    return re.findall(r"<tr.*?</tr>", table[0], re.DOTALL)[1:]


def test_the_decision_is_told_with_its_moment_commit_and_evidence(refused: Story) -> None:
    said = text_of(render(refused))
    assert said.startswith(">Decision ✕ No-Go NO-GO: 2 of 5 gates block: rollback rehearsal:")
    assert "at 14:02:07 UTC" in said
    assert "c0ffeec0ffee" in said
    assert "5eed5eed5eed" in said


def test_a_gate_is_told_with_reason_owner_remedy_and_what_it_rests_on(refused: Story) -> None:
    said = text_of(render(refused))
    assert "load test ↺ stale load test is 9 days old (limit 7) To do: run the load test" in said
    assert "QA load.json feedfeedfeed 9 d old, from ci" in said
    assert "✓ passed 0 failed, limit 0 214 tests passed" in said


def test_a_waived_gate_looks_unlike_one_that_passed(refused: Story) -> None:
    waived, passed = (
        next(row for row in rows(render(refused)) if word in row)
        for word in ("legacy module", "214 tests")
    )
    assert '<tr class="waived">' in waived
    assert "≈" in waived
    assert "instead of failed" in waived
    assert "✓" not in waived
    assert "58\u00a0%, limit 60\u00a0%" in waived
    assert "waived" not in passed


def test_an_advisory_failure_says_that_it_stops_nothing_and_does_not_stand_out(
    refused: Story,
) -> None:
    row = next(row for row in rows(render(refused)) if "feature/search" in row)
    assert row.startswith("<tr>")
    assert "advisory, stops nothing" in row


def test_the_steps_of_the_last_rehearsal_are_listed_and_not_those_of_one_cut_off(
    refused: Story,
) -> None:
    said = text_of(render(refused)).partition("Rollback rehearsal")[2]
    assert "✓ passed v1.2.1 runs on its own schema 1.2 s" in said
    assert "✓ passed the schema is brought to v1.3.0" in said
    assert '✕ failed v1.2.1 runs on the schema of v1.3.0 1.2 s v1.2.1 failed "create' in said
    assert "9.9 s" not in said


def test_the_timeline_tells_a_decision_in_one_row(refused: Story) -> None:
    html = render(refused)
    assert "the gates said no-go" in html
    assert "&#34;gates&#34;:" not in html.partition("Timeline")[2]


def test_without_a_decision_there_is_no_section(unexposed: Story) -> None:
    assert ">Decision <" not in render(unexposed)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"answer": "maybe", "gates": 3},
        {"answer": "go", "sentence": "s", "commit": "c", "digest": "d", "at": "x", "gates": []},
        {
            "answer": "go",
            "sentence": "s",
            "commit": "c",
            "digest": "d",
            "at": "2025-11-22T14:00:00+00:00",
            "gates": [{"kind": "no such gate"}, 7],
        },
    ],
)
def test_a_decision_that_cannot_be_read_is_not_guessed(
    unexposed: Story, data: dict[str, object]
) -> None:
    entry = link(
        AuditDraft("desk", "gates:release:go", "r-1", data), unexposed.at, unexposed.audit[-1]
    )
    html = render(replace(unexposed, audit=(*unexposed.audit, entry)))
    assert ">Decision <" not in html
    assert "the gates said go" in html


def test_hostile_text_in_a_decision_does_nothing(refused: Story) -> None:
    evil = "<script>alert(1)</script>\u202e"
    index = next(i for i, e in enumerate(refused.audit) if e.action.startswith("gates:"))
    entry = refused.audit[index]
    gates = [
        {**gate, "reason": evil, "fix": evil, "owner": evil, "asks": [evil], "unit": evil}
        for gate in entry.data["gates"]
    ]
    data = {**entry.data, "sentence": evil, "commit": evil, "gates": gates}
    audit = (*refused.audit[:index], replace(entry, data=data), *refused.audit[index + 1 :])
    html = render(replace(refused, audit=audit))
    assert "<script>alert" not in html
    assert "\u202e" not in html
