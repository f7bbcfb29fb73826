"""Evidence in one line, and what is put on top."""

import pytest

from gonogo.domain.evidence import FACTS, EvidenceKind, Facts
from gonogo.domain.facts import (
    AlertRuleFacts,
    ChangeFacts,
    Component,
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    FindingFacts,
    HealthState,
    HealthTest,
    LintFacts,
    LoadFacts,
    Measurement,
    MeasurementFacts,
    MigrationFacts,
    RehearsalFacts,
    RehearsalStep,
    RehearsedStep,
    Severity,
    SiteHealthFacts,
    SmokeFacts,
    TestFacts,
    Vulnerability,
    VulnerabilityFacts,
)
from gonogo.usecases.papers.evidence_words import KIND_WORDS, say, troubled

WEAK = Vulnerability("CVE-1", "left-pad", "1.0", Severity.HIGH)
STEP = RehearsedStep(RehearsalStep.PREVIOUS_ON_NEW_SCHEMA, False, 1.0, "GET /orders: 500")
CASES: list[tuple[Facts, str, bool]] = [
    (
        TestFacts(1200, 1190, 2, 8, flaky=1),
        "1,190 of 1,200 passed, 2 failed, 8 skipped, 1 flaky",
        True,
    ),
    (TestFacts(0, 0, 0, 0), "0 of 0 passed", True),
    (CoverageFacts(5996, 10_000), "59.9 % of 10,000 lines", False),
    (CoverageFacts(0, 0), "no line could run", True),
    (LintFacts("ruff", 1, 2), "ruff: 1 error, 2 warnings", True),
    (
        FindingFacts("bandit", {Severity.HIGH: 1, Severity.LOW: 3}, 2),
        "bandit: 1 high, 3 low, 2 suppressed",
        True,
    ),
    (FindingFacts("bandit", {Severity.LOW: 3}), "bandit: 3 low", False),
    (VulnerabilityFacts("pip-audit", 80, (WEAK,)), "pip-audit: 1 high in 80 packages", True),
    (VulnerabilityFacts("pip-audit", None), "pip-audit: none", False),
    (ComponentFacts((Component("a", "1"),)), "1 component", False),
    (
        LoadFacts("k6", 900, 0, 60.0, None, 210.5, None, 50),
        "900 requests, 0 failed, p95 210.5 ms, 50 at once",
        False,
    ),
    (MigrationFacts("sqlite", (), 0), "none", False),
    (MigrationFacts("sqlite", ("1",), 2, unread=1), "1 revision; 1 statement not understood", True),
    (AlertRuleFacts("promtool", 12, 1), "promtool: 12 hold, 1 do not", True),
    (MeasurementFacts((Measurement("export p95", 1.4, "s"),)), "export p95 1.4 s", False),
    (
        SiteHealthFacts((HealthTest("disk", HealthState.CRITICAL),)),
        "1 critical, 0 recommended, 0 good",
        True,
    ),
    (
        DrillFacts("weekly", True, True, 3600, 600),
        "weekly: restored, smoke tests passed, in 10 min, data 60 min old",
        False,
    ),
    (DrillFacts("weekly", False, False, None, None), "weekly: not restored", True),
    (SmokeFacts("staging", 3, 1), "staging: 3 passed, 1 failed", True),
    (RehearsalFacts("v1", "v2", (STEP,)), "previous on new schema failed: GET /orders: 500", True),
    (RehearsalFacts("v1", "v2", ()), "nothing was tried", True),
    (ChangeFacts("a", "feature/x", "feature", 3, 1), "feature/x: 3 files, 1 line", False),
]


@pytest.mark.parametrize(("facts", "said", "first"), CASES)
def test_facts_are_said_in_one_line_and_trouble_is_known(
    facts: Facts, said: str, first: bool
) -> None:
    assert (say(facts), troubled(facts)) == (said, first)


def test_every_kind_of_evidence_has_its_words() -> None:
    assert set(KIND_WORDS) == set(EvidenceKind)
    assert {type(facts) for facts, _, _ in CASES} == set(FACTS.values())
