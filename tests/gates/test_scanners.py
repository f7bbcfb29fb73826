"""Linters, code scanners, vulnerability scanners and components."""

import pytest
from tests.gates.cases import counted, judged, said

from gonogo.domain.facts import (
    Component,
    ComponentFacts,
    Example,
    FindingFacts,
    LintFacts,
    Severity,
    Vulnerability,
    VulnerabilityFacts,
)
from gonogo.domain.gate_rules import ComponentsRule, FindingsRule, LintRule, VulnerabilitiesRule
from gonogo.gates.components import is_older

E501 = (Example("E501", "src/a.py:3"), Example("F401"))
NONE = (None, None, "")


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (
            LintRule(tools=("Ruff",)),
            [LintFacts("ruff", 0, 3), LintFacts("mypy", 0, 1)],
            ("pass", "0 errors, 4 warnings"),
            (0, 0, "errors"),
        ),
        (
            LintRule(),
            [LintFacts("ruff", 1, 0), LintFacts("mypy", 1, 0, 9, E501)],
            ("fail", "2 errors (at most 0): src/a.py:3 E501, F401"),
            (2, 0, "errors"),
        ),
        (
            LintRule(errors=1),
            [LintFacts("ruff", 1, 0)],
            ("pass", "1 error, 0 warnings"),
            (1, 1, "errors"),
        ),
        (
            LintRule(warnings=0),
            [LintFacts("ruff", 0, 1)],
            ("fail", "1 warning (at most 0)"),
            (1, 0, "warnings"),
        ),
        (
            LintRule(tools=("ruff", "mypy")),
            [LintFacts("ruff", 0, 0)],
            ("missing", "nothing was reported by mypy"),
            NONE,
        ),
        (
            FindingsRule(),
            [FindingFacts("bandit", {Severity.MEDIUM: 2}), FindingFacts("x", {Severity.MEDIUM: 1})],
            ("pass", "3 medium"),
            (0, 0, "critical"),
        ),
        (FindingsRule(), [FindingFacts("bandit")], ("pass", "no finding"), (0, 0, "critical")),
        (
            FindingsRule(critical=None),
            [FindingFacts("bandit", {Severity.CRITICAL: 2, Severity.LOW: 1})],
            ("pass", "2 critical, 1 low"),
            (2, None, "critical"),
        ),
        (
            FindingsRule(),
            [FindingFacts("bandit", {Severity.HIGH: 1}, 0, E501)],
            ("fail", "1 high finding (at most 0): src/a.py:3 E501, F401"),
            (1, 0, "high"),
        ),
        (
            FindingsRule(critical=1),
            [FindingFacts("bandit", {Severity.UNKNOWN: 1, Severity.CRITICAL: 1})],
            ("fail", "2 critical findings (at most 1), 1 of them of unknown severity"),
            (2, 1, "critical"),
        ),
        (
            FindingsRule(critical=None, high=None, medium=1, low=3),
            [FindingFacts("bandit", {Severity.UNKNOWN: 4, Severity.MEDIUM: 1, Severity.LOW: 4})],
            ("fail", "4 low findings (at most 3)"),
            (4, 3, "low"),
        ),
        (
            FindingsRule(medium=0),
            [FindingFacts("bandit", {Severity.MEDIUM: 1})],
            ("fail", "1 medium finding (at most 0)"),
            (1, 0, "medium"),
        ),
        (
            FindingsRule(tools=("Bandit", "semgrep")),
            [FindingFacts("bandit")],
            ("missing", "nothing was reported by semgrep"),
            NONE,
        ),
    ],
)
def test_linters_and_scanners_are_added_up_and_held_against_every_limit(
    rule, facts, expected, numbers
):
    result = judged(rule, *facts)
    assert (said(result), counted(result)) == (expected, numbers)


def weak(
    name: str = "CVE-1", severity: Severity = Severity.HIGH, fixed: str | None = "2.0", **more
) -> Vulnerability:
    values = {"package": "urllib3", "version": "1.26.4", "fixed_in": fixed, **more}
    return Vulnerability(id=name, severity=severity, **values)  # type: ignore[arg-type]


def scan(*found: Vulnerability, packages: int | None = 40, skipped: tuple[str, ...] = ()):
    return VulnerabilityFacts("pip-audit", packages, found, skipped)


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (VulnerabilitiesRule(), [scan()], ("pass", "no vulnerability"), (0, 0, "critical")),
        (
            VulnerabilitiesRule(),
            [scan(packages=None)],
            ("pass", "no vulnerability"),
            (0, 0, "critical"),
        ),
        (
            VulnerabilitiesRule(),
            [scan(weak())],
            ("fail", "1 high vulnerability (at most 0): urllib3 1.26.4 (CVE-1, fixed in 2.0)"),
            (1, 0, "high"),
        ),
        (
            VulnerabilitiesRule(),
            [scan(weak("CVE-2", Severity.LOW), weak("CVE-1", Severity.UNKNOWN, None))],
            (
                "fail",
                "1 critical vulnerability (at most 0), 1 of them of unknown severity:"
                " urllib3 1.26.4 (CVE-1), urllib3 1.26.4 (CVE-2, fixed in 2.0)",
            ),
            (1, 0, "critical"),
        ),
        (
            VulnerabilitiesRule(high=0, medium=0),
            [scan(weak("CVE-1", Severity.MEDIUM), weak("CVE-2", Severity.MEDIUM, None))],
            (
                "fail",
                "2 medium vulnerabilities (at most 0): urllib3 1.26.4 (CVE-1, fixed in 2.0),"
                " urllib3 1.26.4 (CVE-2)",
            ),
            (2, 0, "medium"),
        ),
        (
            VulnerabilitiesRule(unfixed=True),
            [scan(weak(fixed=None), weak("CVE-2", Severity.LOW))],
            ("pass", "1 low"),
            (0, 0, "critical"),
        ),
        (
            VulnerabilitiesRule(high=1),
            [scan(weak("GHSA-1", aliases=("CVE-1",))), scan(weak(package="URLLIB3"))],
            ("pass", "1 high"),
            (0, 0, "critical"),
        ),
        (
            VulnerabilitiesRule(high=1),
            [scan(weak()), scan(weak(version="1.26.5"), weak(package="other"))],
            (
                "fail",
                "3 high vulnerabilities (at most 1): urllib3 1.26.4 (CVE-1, fixed in 2.0),"
                " urllib3 1.26.5 (CVE-1, fixed in 2.0), other 1.26.4 (CVE-1, fixed in 2.0)",
            ),
            (3, 1, "high"),
        ),
        (
            VulnerabilitiesRule(critical=0, high=5),
            [scan(weak(severity=Severity.LOW)), scan(weak(severity=Severity.CRITICAL))],
            (
                "fail",
                "1 critical vulnerability (at most 0): urllib3 1.26.4 (CVE-1, fixed in 2.0)",
            ),
            (1, 0, "critical"),
        ),
        (VulnerabilitiesRule(), [scan(packages=0)], ("missing", "no package was looked at"), NONE),
        (
            VulnerabilitiesRule(),
            [scan(packages=0), scan(packages=2)],
            ("pass", "no vulnerability"),
            (0, 0, "critical"),
        ),
        (
            VulnerabilitiesRule(),
            [scan(skipped=("torch", "own")), scan(skipped=("own",))],
            ("inconclusive", "2 packages could not be looked at: own, torch"),
            (2, 0, "skipped"),
        ),
    ],
)
def test_each_known_weakness_counts_once_and_at_its_worst(rule, facts, expected, numbers):
    result = judged(rule, *facts)
    assert (said(result), counted(result)) == (expected, numbers)


def parts(*each: tuple[str, str] | tuple[str, str, str]) -> ComponentFacts:
    return ComponentFacts(tuple(Component(name, v, tuple(rest)) for name, v, *rest in each))


LEAST = ComponentsRule(minimum={"Flask_Login": "0.6.3"})
FREE = ComponentsRule(denied_licences=("GPL-*", "SSPL-1.0"))


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        (ComponentsRule(), parts(("a", "1")), ("pass", "1 component listed")),
        (ComponentsRule(), parts(), ("missing", "no component is listed")),
        (
            LEAST,
            parts(("flask.login", "0.6.3")),
            ("pass", "1 component: Flask_Login is 0.6.3 (at least 0.6.3)"),
        ),
        (
            LEAST,
            parts(("flask-login", "0.10.0"), ("flask-login", "0.6.2")),
            ("fail", "Flask_Login is 0.6.2 (at least 0.6.3)"),
        ),
        (LEAST, parts(("flask", "3")), ("missing", "Flask_Login is not listed (at least 0.6.3)")),
        (
            LEAST,
            parts(("flask-login", "")),
            ("inconclusive", "Flask_Login without a version cannot be held against 0.6.3"),
        ),
        (
            ComponentsRule(minimum={"a": "2", "b": "2"}),
            parts(("a", "1"), ("b", "1")),
            ("fail", "a is 1 (at least 2); b is 1 (at least 2)"),
        ),
        (
            ComponentsRule(minimum={"a": "1", "b": "1"}),
            parts(("a", "1"), ("b", "1")),
            ("pass", "2 components: a is 1 (at least 1); b is 1 (at least 1)"),
        ),
        (FREE, parts(("a", "1", "MIT")), ("pass", "1 component: no licence is refused")),
        (
            FREE,
            parts(("a", "1", "MIT", "gpl-3.0-only")),
            ("fail", "licences that must not be shipped: a 1 (gpl-3.0-only)"),
        ),
        (FREE, parts(("a", "1", "AGPL-3.0-only")), ("pass", "1 component: no licence is refused")),
        (
            FREE,
            parts(("a", "1", "MIT OR GPL-2.0-only")),
            ("pass", "1 component: no licence is refused"),
        ),
        (
            FREE,
            parts(("a", "1", " (MIT OR GPL-2.0-only)")),
            ("pass", "1 component: no licence is refused"),
        ),
        (
            FREE,
            parts(("a", "1", "MIT OR (Zlib OR SSPL-1.0)")),
            ("fail", "licences that must not be shipped: a 1 (MIT OR (Zlib OR SSPL-1.0))"),
        ),
        (
            FREE,
            parts(("a", "1", "SSPL-1.0 OR GPL-2.0-only")),
            ("fail", "licences that must not be shipped: a 1 (SSPL-1.0 OR GPL-2.0-only)"),
        ),
        (
            FREE,
            parts(("a", "1", "MIT AND (GPL-2.0-only WITH Classpath-exception-2.0)")),
            (
                "fail",
                "licences that must not be shipped:"
                " a 1 (MIT AND (GPL-2.0-only WITH Classpath-exception-2.0))",
            ),
        ),
        (
            FREE,
            parts(("a", "1", "MIT OR Zlib AND SSPL-1.0")),
            ("fail", "licences that must not be shipped: a 1 (MIT OR Zlib AND SSPL-1.0)"),
        ),
        (
            FREE,
            parts(("a", "1", " "), ("b", "1"), ("c", "1", "MIT")),
            ("inconclusive", "2 components without a licence: a, b"),
        ),
    ],
)
def test_components_are_new_enough_and_free_to_ship(rule, facts, expected):
    assert said(judged(rule, facts)) == expected


@pytest.mark.parametrize(
    ("version", "least", "older"),
    [
        ("1.10.0", "1.9.9", False),
        ("1.9.9", "1.10.0", True),
        ("2.0.0-rc.1", "2.0.0", True),
        ("1.0", "1.0.0", False),
        ("1.1.1k", "3.0", True),
        ("3.0", "1.1.1k", False),
        ("1.1.1k", "1.1.2", True),
        ("1.1k", "1.1.1", True),
        ("1.1.1k", "1.1", False),
        ("v1.1.1k", "1.1.1k", None),
        ("v1.1.1k", "3.0", True),
        (" 4.1.1k", "3.0", False),
        ("1.1.1k", "1.1.1n", None),
        ("1.1.1k", "1.1.1k", False),
        ("latest", "1.0", None),
        ("1.0", "latest", None),
    ],
)
def test_versions_are_ordered_or_nothing_is_said(version, least, older):
    assert is_older(version, least) is older
