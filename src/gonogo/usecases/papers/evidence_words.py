"""What a piece of evidence says, in one line for people, and whether it tells of trouble."""

from collections.abc import Callable, Mapping
from typing import Any

from gonogo.domain.evidence import EvidenceKind, Facts
from gonogo.domain.facts import (
    AlertRuleFacts,
    ChangeFacts,
    ComponentFacts,
    CoverageFacts,
    DrillFacts,
    FindingFacts,
    HealthState,
    LintFacts,
    LoadFacts,
    MeasurementFacts,
    MigrationFacts,
    RehearsalFacts,
    Severity,
    SiteHealthFacts,
    SmokeFacts,
    TestFacts,
    VulnerabilityFacts,
)

GRAVE = frozenset({Severity.UNKNOWN, Severity.CRITICAL, Severity.HIGH})


def say(facts: Facts) -> str:
    """What the facts say: "214 of 214 passed"."""
    return _WORDS[type(facts)](facts)


def troubled(facts: Facts) -> bool:
    """Whether a person should look at it first. Gates decide; this only sorts."""
    return _TROUBLE[type(facts)](facts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _tests(facts: TestFacts) -> str:
    said = [f"{facts.passed:,} of {facts.total:,} passed"]
    said += [f"{facts.failed:,} failed"] if facts.failed else []
    said += [f"{facts.skipped:,} skipped"] if facts.skipped else []
    said += [f"{facts.flaky:,} flaky"] if facts.flaky else []
    return ", ".join(said)


def _coverage(facts: CoverageFacts) -> str:
    if not facts.total:
        return "no line could run"
    # Rounded down: 59.96 % is not 60 %.
    share = facts.covered * 1000 // facts.total / 10
    return f"{share:g} % of {_count(facts.total, 'line', 'lines')}"


def _lint(facts: LintFacts) -> str:
    errors = _count(facts.errors, "error", "errors")
    return f"{facts.tool}: {errors}, {_count(facts.warnings, 'warning', 'warnings')}"


def _severities(counts: Mapping[Severity, int]) -> str:
    said = [f"{counts[level]:,} {level.value}" for level in Severity if counts.get(level)]
    return ", ".join(said) or "none"


def _findings(facts: FindingFacts) -> str:
    hidden = f", {facts.suppressed:,} suppressed" if facts.suppressed else ""
    return f"{facts.tool}: {_severities(facts.counts)}{hidden}"


def _vulnerabilities(facts: VulnerabilityFacts) -> str:
    counts = {
        level: sum(each.severity is level for each in facts.vulnerabilities) for level in Severity
    }
    packages = (
        "" if facts.packages is None else f" in {_count(facts.packages, 'package', 'packages')}"
    )
    return f"{facts.tool}: {_severities(counts)}{packages}"


def _components(facts: ComponentFacts) -> str:
    return _count(len(facts.components), "component", "components")


def _load(facts: LoadFacts) -> str:
    said = [_count(facts.requests, "request", "requests"), f"{facts.failures:,} failed"]
    said += [f"p95 {facts.p95_ms:,.4g} ms"] if facts.p95_ms is not None else []
    said += [f"p99 {facts.p99_ms:,.4g} ms"] if facts.p99_ms is not None else []
    said += [f"{facts.concurrency:,} at once"] if facts.concurrency is not None else []
    return ", ".join(said)


def _migrations(facts: MigrationFacts) -> str:
    if not facts.revisions and not facts.statements:
        return "none"
    said = [_count(len(facts.revisions), "revision", "revisions")]
    said += [f"{operation.hazard.value}: {operation.what}" for operation in facts.operations[:3]]
    left = len(facts.operations) - 3
    said += [_count(left, "more hazard", "more hazards")] if left > 0 else []
    said += [_count(facts.unread, "statement not understood", "statements not understood")] * bool(
        facts.unread
    )
    return "; ".join(said)


def _alert_rules(facts: AlertRuleFacts) -> str:
    return f"{facts.tool}: {facts.checked:,} hold, {facts.failed:,} do not"


def _measurements(facts: MeasurementFacts) -> str:
    said = [
        f"{each.name} {each.value:g}{f' {each.unit}' if each.unit else ''}"
        for each in facts.measurements[:5]
    ]
    left = len(facts.measurements) - 5
    return ", ".join([*said, *([f"{left} more"] if left > 0 else [])]) or "nothing measured"


def _site_health(facts: SiteHealthFacts) -> str:
    counts = [
        f"{sum(test.state is state for test in facts.tests)} {state.value}" for state in HealthState
    ]
    return ", ".join(counts)


def _drill(facts: DrillFacts) -> str:
    if not facts.restored:
        return f"{facts.name}: not restored"
    said = [f"{facts.name}: restored, smoke tests {'passed' if facts.smoke_passed else 'failed'}"]
    if facts.restore_seconds is not None:
        said.append(f"in {facts.restore_seconds / 60:.3g} min")
    if facts.data_age_seconds is not None:
        said.append(f"data {facts.data_age_seconds / 60:.3g} min old")
    return ", ".join(said)


def _smoke(facts: SmokeFacts) -> str:
    return f"{facts.environment}: {facts.passed:,} passed, {facts.failed:,} failed"


def _rehearsal(facts: RehearsalFacts) -> str:
    failed = [step for step in facts.steps if not step.passed]
    if not facts.steps:
        return "nothing was tried"
    if failed:
        return f"{failed[0].step.value.replace('_', ' ')} failed: {failed[0].detail[:200]}"
    return f"{facts.previous} runs on the schema of {facts.version}"


def _change(facts: ChangeFacts) -> str:
    files, lines = _count(facts.files, "file", "files"), _count(facts.lines, "line", "lines")
    return f"{facts.branch or 'no branch'}: {files}, {lines}"


_WORDS: Mapping[type[Facts], Callable[[Any], str]] = {
    TestFacts: _tests,
    CoverageFacts: _coverage,
    LintFacts: _lint,
    FindingFacts: _findings,
    VulnerabilityFacts: _vulnerabilities,
    ComponentFacts: _components,
    LoadFacts: _load,
    MigrationFacts: _migrations,
    AlertRuleFacts: _alert_rules,
    MeasurementFacts: _measurements,
    SiteHealthFacts: _site_health,
    DrillFacts: _drill,
    SmokeFacts: _smoke,
    RehearsalFacts: _rehearsal,
    ChangeFacts: _change,
}
"""How each kind of facts is said."""

_TROUBLE: Mapping[type[Facts], Callable[[Any], bool]] = {
    TestFacts: lambda facts: bool(facts.failed) or not facts.passed,
    CoverageFacts: lambda facts: not facts.covered,
    LintFacts: lambda facts: bool(facts.errors),
    FindingFacts: lambda facts: any(facts.counts.get(level) for level in GRAVE),
    VulnerabilityFacts: lambda facts: any(v.severity in GRAVE for v in facts.vulnerabilities),
    ComponentFacts: lambda _: False,
    LoadFacts: lambda facts: bool(facts.failures) or not facts.requests,
    MigrationFacts: lambda facts: bool(facts.operations or facts.unread),
    AlertRuleFacts: lambda facts: bool(facts.failed),
    MeasurementFacts: lambda _: False,
    SiteHealthFacts: lambda facts: any(t.state is HealthState.CRITICAL for t in facts.tests),
    DrillFacts: lambda facts: not (facts.restored and facts.smoke_passed),
    SmokeFacts: lambda facts: bool(facts.failed) or not facts.passed,
    RehearsalFacts: lambda facts: not facts.steps or not all(s.passed for s in facts.steps),
    ChangeFacts: lambda _: False,
}
"""When each kind of facts tells of trouble."""

KIND_WORDS: Mapping[EvidenceKind, str] = {
    EvidenceKind.TESTS: "Tests",
    EvidenceKind.COVERAGE: "Coverage",
    EvidenceKind.LINT: "Lint",
    EvidenceKind.FINDINGS: "Code scan",
    EvidenceKind.VULNERABILITIES: "Vulnerabilities",
    EvidenceKind.COMPONENTS: "Components",
    EvidenceKind.LOAD: "Load test",
    EvidenceKind.MIGRATIONS: "Migrations",
    EvidenceKind.ALERT_RULES: "Alert rules",
    EvidenceKind.MEASUREMENTS: "Measurements",
    EvidenceKind.SITE_HEALTH: "Site health",
    EvidenceKind.DRILL: "Backup drill",
    EvidenceKind.SMOKE: "Smoke test",
    EvidenceKind.REHEARSAL: "Rollback rehearsal",
    EvidenceKind.CHANGE: "Change",
}
"""What each kind is called on a page."""
