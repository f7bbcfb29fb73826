"""Which of the filed evidence counts."""

from datetime import UTC, datetime, timedelta

from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier, current
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import FindingFacts, Severity
from gonogo.domain.paper import FiledEvidence, Paper

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


def filed(number: int, tool: str, digest: str, *, hours: int = 0, high: int = 0) -> Paper:
    """Findings of one tool in a file all.sarif, pushed some hours later."""
    facts = FindingFacts(tool, {Severity.HIGH: high})
    evidence = Evidence("sarif", "all.sarif", digest * 64, 100, facts)
    at = MORNING + timedelta(hours=hours)
    content = FiledEvidence(evidence, MORNING, claimed_commit=True, claimed_at=True)
    return Paper(f"p{number}", "shop", "a" * 40, at, "ci", (Role.CI,), content)


def counted(*papers: Paper) -> list[str]:
    return [each.paper.id for each in current(Dossier("shop", "v1", "a" * 40, papers))]


def test_every_tool_that_wrote_into_one_report_counts():
    assert counted(filed(1, "bandit", "1", high=3), filed(2, "semgrep", "1")) == ["p1", "p2"]


def test_a_newer_report_takes_the_place_of_all_that_the_earlier_one_said():
    earlier = filed(1, "bandit", "1"), filed(2, "semgrep", "1")
    assert counted(*earlier, filed(3, "bandit", "2", hours=1)) == ["p3"]


def test_a_report_that_is_filed_again_counts_once():
    again = filed(3, "bandit", "1", hours=1), filed(4, "semgrep", "1", hours=1)
    assert counted(filed(1, "bandit", "1"), filed(2, "semgrep", "1"), *again) == ["p3", "p4"]
