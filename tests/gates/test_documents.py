"""Secrets, runbook, documentation, risks."""

import pytest
from tests.gates.cases import counted, dossier, held, judged, paper, said

from gonogo.domain.facts import Severity
from gonogo.domain.gate_rules import DocumentationRule, RisksRule, RunbookRule, SecretsRule
from gonogo.domain.paper import Concern, Handoff
from gonogo.gates.documents import names_version

NONE = (None, None, "")
KEYS = SecretsRule(names=("SMTP_KEY", "DB_KEY"))
BOTH = frozenset({"SMTP_KEY", "DB_KEY"})


@pytest.mark.parametrize(
    ("rule", "known", "expected", "numbers"),
    [
        (
            KEYS,
            {"staging": BOTH, "production": BOTH | {"OTHER"}},
            ("pass", "2 secrets set in 2 environments"),
            (4, 4, "set"),
        ),
        (
            KEYS,
            {"staging": BOTH, "production": frozenset({"DB_KEY"})},
            ("missing", "not set: SMTP_KEY in production"),
            (3, 4, "set"),
        ),
        (
            KEYS,
            {"production": BOTH},
            ("missing", "not set: SMTP_KEY in staging, DB_KEY in staging"),
            (2, 4, "set"),
        ),
        (KEYS, None, ("missing", "which secrets are set could not be read"), NONE),
        (SecretsRule(), {}, ("inconclusive", "the rule names no secret"), NONE),
    ],
)
def test_every_secret_is_set_in_every_environment(rule, known, expected, numbers):
    result = judged(rule, secrets=known)
    assert (said(result), counted(result)) == (expected, numbers)


LINK = "https://wiki.example.invalid/x"
BOOK = RunbookRule(runbook_owner="orders team", runbook="docs/runbook.md", dashboard=LINK)


@pytest.mark.parametrize(
    ("rule", "files", "expected"),
    [
        (
            BOOK,
            {"docs/runbook.md": "# Runbook"},
            ("pass", f"orders team owns docs/runbook.md, dashboards at {LINK}"),
        ),
        (BOOK, {"docs/runbook.md": None}, ("fail", "docs/runbook.md is not in v1.3.0")),
        (BOOK, {"docs/runbook.md": " \n"}, ("fail", "docs/runbook.md is empty")),
        (BOOK, {}, ("missing", "docs/runbook.md could not be read")),
        (BOOK, None, ("missing", "docs/runbook.md could not be read")),
        (
            RunbookRule(runbook_owner=" ", runbook=LINK, dashboard=LINK),
            None,
            ("fail", "nobody is named who owns the runbook"),
        ),
        (
            RunbookRule(runbook_owner="x", dashboard=LINK),
            None,
            ("fail", "it is not said where the runbook is"),
        ),
        (
            RunbookRule(runbook_owner="x", runbook=LINK),
            None,
            ("fail", "it is not said where the dashboards are"),
        ),
        (
            RunbookRule(runbook_owner="x", runbook="HTTP://a", dashboard=LINK),
            None,
            ("pass", f"x owns HTTP://a, dashboards at {LINK}"),
        ),
        (
            RunbookRule(runbook_owner="x", runbook=LINK, dashboard="see https://a"),
            {},
            ("missing", "see https://a could not be read"),
        ),
        (
            RunbookRule(runbook_owner="x", runbook=LINK, dashboard="https:///a"),
            {"https:///a": None},
            ("fail", "https:///a is not in v1.3.0"),
        ),
    ],
)
def test_somebody_owns_a_runbook_and_dashboards_that_are_there(rule, files, expected):
    assert said(judged(rule, files=files)) == expected


DOCS = DocumentationRule(files=("README.md", "docs/api.md"), change_log="CHANGELOG.md")
TEXTS = {"README.md": "x", "docs/api.md": "x", "CHANGELOG.md": "## 1.3.0\n- search"}


@pytest.mark.parametrize(
    ("rule", "files", "expected"),
    [
        (
            DOCS,
            TEXTS,
            ("pass", "README.md is there; docs/api.md is there; CHANGELOG.md names v1.3.0"),
        ),
        (
            DOCS,
            {**TEXTS, "CHANGELOG.md": "## 1.2.0"},
            ("fail", "CHANGELOG.md does not name v1.3.0"),
        ),
        (
            DOCS,
            {**TEXTS, "README.md": None, "docs/api.md": ""},
            ("fail", "README.md is not in v1.3.0; docs/api.md is empty"),
        ),
        (DOCS, {**TEXTS, "CHANGELOG.md": None}, ("fail", "CHANGELOG.md is not in v1.3.0")),
        (
            DocumentationRule(files=("README.md",)),
            None,
            ("missing", "README.md could not be read"),
        ),
        (DocumentationRule(), TEXTS, ("inconclusive", "the rule names no document")),
    ],
)
def test_documents_are_there_and_the_change_log_names_the_version(rule, files, expected):
    assert said(judged(rule, files=files)) == expected


@pytest.mark.parametrize(
    ("text", "version", "named"),
    [
        ("## [1.3.0] - today", "v1.3.0", True),
        ("# V1.3.0", "1.3.0", True),
        ("released 1.3.0.", "v1.3.0", True),
        ("version-x 1.3.0", " V1.3.0 ", True),
        ("11.3.0", "v1.3.0", False),
        ("0.1.3.0", "1.3.0", False),
        ("1.3.0.1", "1.3.0", False),
        ("1.3.0-rc.1", "1.3.0", False),
        ("1.3.0+5", "1.3.0", False),
        ("1x3.0", "1.3.0", False),
        ("Vienna is named", "vienna", True),
        ("ienna is named", "vienna", False),
        ("anything", "", False),
    ],
)
def test_a_version_is_named_by_itself_alone(text, version, named):
    assert names_version(text, version) is named


def handed(*risks: Concern, issues: tuple[Concern, ...] = ()) -> Handoff:
    return Handoff("v1.3.0", "sprint 16", risks=risks, known_issues=issues)


HIGH = Concern("courier display", Severity.HIGH, owner="ana")


@pytest.mark.parametrize(
    ("handoff", "expected", "numbers"),
    [
        (handed(), ("pass", "no risk is known"), (0, 0, "unmitigated")),
        (
            handed(Concern("slow", Severity.MEDIUM), issues=(Concern("x", Severity.HIGH, "flag"),)),
            ("pass", "2 risks and known issues, 1 grave and mitigated"),
            (0, 0, "unmitigated"),
        ),
        (
            handed(Concern("slow", Severity.LOW)),
            ("pass", "1 risk or known issue, 0 grave and mitigated"),
            (0, 0, "unmitigated"),
        ),
        (
            handed(
                HIGH, Concern("y", Severity.UNKNOWN), issues=(Concern("z", Severity.CRITICAL, " "),)
            ),
            ("fail", "without a mitigation: courier display (high), y (unknown), z (critical)"),
            (3, 0, "unmitigated"),
        ),
        (
            handed(issues=(HIGH,)),
            ("fail", "without a mitigation: courier display (high)"),
            (1, 0, "unmitigated"),
        ),
        (None, ("missing", "QA has not handed this commit over"), NONE),
    ],
)
def test_something_is_done_about_every_grave_risk(handoff, expected, numbers):
    papers = [paper(handoff)] if handoff else []
    result = held(RisksRule(), dossier(*papers))
    assert (said(result), counted(result)) == (expected, numbers)


def test_the_owners_of_bare_risks_are_asked_once_each():
    result = held(RisksRule(), dossier(paper(handed(HIGH, HIGH, Concern("y", Severity.HIGH)))))
    assert result.asks == ("ana",)


def test_the_newest_handoff_of_this_commit_counts():
    elsewhere = paper(handed(HIGH), commit="f" * 40)
    result = held(RisksRule(), dossier(paper(handed(HIGH)), paper(handed()), elsewhere))
    assert result.status == "pass"
