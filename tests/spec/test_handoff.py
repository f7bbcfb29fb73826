"""A handoff file is read as strictly as the spec, with the place of every mistake."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.domain.facts import Severity
from gonogo.domain.plan import CriterionMode
from gonogo.spec.handoff import read_criteria, read_handoff, say_criterion
from gonogo.spec.problem import SpecError

GUIDE = Path(__file__).parents[2] / "docs" / "handoff.md"


def example() -> str:
    return GUIDE.read_text().split("```yaml\n")[1].split("```")[0]


def test_the_example_of_the_guide_is_read_whole() -> None:
    handoff = read_handoff(example(), "handoff.yaml")
    assert handoff.version == "v1.2.0"
    assert (handoff.stories_tested, handoff.stories_total) == (3, 3)
    assert (handoff.bugs_fixed, handoff.bugs_found) == (5, 5)
    assert len(handoff.changes) == 5
    assert handoff.known_issues[0].severity is Severity.LOW
    assert handoff.risks[0].mitigation
    assert handoff.release_notes.startswith("### Features")
    (criterion,) = handoff.criteria
    assert (criterion.limit, criterion.window) == (0.05, timedelta(minutes=5))
    assert (criterion.mode, criterion.lasts) == (CriterionMode.LITERAL, timedelta(minutes=30))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", '1:1: the file is empty; a handoff begins with "scope: …"'),
        ("- x", "1:1: a handoff must be a mapping of keys to values, not a list"),
        ("version: v1", "1:1: scope is missing"),
        ("scope: x\nstory: 3", '2:1: unknown key "story"; allowed:'),
        ("scope: x\nstories: 3", '2:10: stories: "3" does not say how many of how many'),
        ("scope: x\nstories: 4 of 3", "2:10: 4 of 3 stories cannot be tested"),
        ("scope: x\nbugs: {found: 1, fixed: 2}", "2:7: 2 of 1 bugs cannot be fixed"),
        ("scope: x\nbugs: {found: many, fixed: 2}", '2:15: bugs.found: "many" is not a number'),
        ("scope: x\nknown_issues: [{title: y}]", "2:16: severity is missing in known_issues[1]"),
        (
            "scope: x\nrisks: [{title: y, severity: bad}]",
            '2:30: risks[1].severity: unknown value "bad"; allowed: critical, high, medium, low',
        ),
        ("scope: x\nchanges: one", "2:10: changes: this must be a list, not a single value"),
        ("scope:\n", "1:1: scope has no value"),
        (f"scope: {'x' * 20_001}", "1:8: scope: this has 20001 characters, the limit is 20000"),
        ('scope: "a\\u0007b"', "1:8: scope: the character U+0007 is not allowed"),
        (
            'scope: x\nchanges: ["a\\nb"]',
            "2:11: changes[1]: the character U+000A is not allowed in",
        ),
        (
            "scope: x\nrollback_when: [{name: a, bad: 5xx, limit: 5, within: 5m, mode: literal}]",
            '2:44: rollback_when[1].limit: "5" has no unit',
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SpecError) as error:
        read_handoff(text, "handoff.yaml")
    assert str(error.value).startswith(f"handoff.yaml:{said}")
    assert "docs/handoff.md" in (error.value.hint or "")


def test_all_mistakes_are_found_in_one_run() -> None:
    with pytest.raises(SpecError) as error:
        read_handoff("scop: x\nbugs: 1\nrisks: 2", "h.yaml")
    assert len(error.value.sentences()) == 3


CRITERION = "{name: tracking, bad: 5xx, on: GET /tracking, limit: 5%, within: 30m, mode: judged}"


def test_criteria_alone_are_read_and_said_in_words() -> None:
    (criterion,) = read_criteria(f"rollback_when: [{CRITERION}]", "criteria.yaml")
    said = "more than 5% 5xx on GET /tracking within 30m (from 20 requests on; judged)"
    assert say_criterion(criterion) == said
    first = replace(criterion, minimum_requests=1)
    assert say_criterion(first) == said.replace("20 requests", "1 request")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rollback_when: []", "rollback_when is empty"),
        (f"rollback_when: [{CRITERION}, {CRITERION}]", "duplicate rollback criterion name"),
        ("scope: x", 'unknown key "scope"; allowed: rollback_when'),
    ],
)
def test_criteria_that_cannot_be_signed_are_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError) as error:
        read_criteria(text, "criteria.yaml")
    assert any(said in sentence for sentence in error.value.sentences())
