"""Which evidence counts: its commit, its supplier, its age."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.gates.cases import (
    CI,
    COMMIT,
    DAY,
    DEV,
    HOUR,
    LEAD,
    NOW,
    OTHER,
    QA,
    counted,
    dossier,
    held,
    paper,
    report,
    said,
)

from gonogo.domain.actor import Actor, Role
from gonogo.domain.facts import (
    AlertRuleFacts,
    DrillFacts,
    HealthState,
    HealthTest,
    LoadFacts,
    SiteHealthFacts,
    TestFacts,
)
from gonogo.domain.gate import EvidenceReference
from gonogo.domain.gate_rules import AlertRulesRule, BackupRule, LoadRule, SiteHealthRule, TestsRule
from gonogo.domain.paper import Withdrawal
from gonogo.gates.supply import names_commit, supplied
from gonogo.gates.words import count, moment, older, plain, share, share_up, some, span

GOOD, BAD = TestFacts(9, 9, 0, 0), TestFacts(9, 8, 1, 0)
PASSED = ("pass", "9 tests passed")
RULE = TestsRule()


def of(*papers, rule=RULE):
    return held(rule, dossier(*papers))


def test_a_result_refers_to_the_evidence_it_rests_on():
    one = report(GOOD, name="unit.xml", job="unit")
    two = report(GOOD, name="e2e.xml", at=NOW - 2 * HOUR, by=QA)
    result = of(one, two)
    digests = [each.content.evidence.digest for each in (one, two)]
    assert result.evidence == (
        EvidenceReference("unit.xml", digests[0], NOW - HOUR, "build-bot (unit)"),
        EvidenceReference("e2e.xml", digests[1], NOW - 2 * HOUR, "quinn"),
    )
    assert result.until == NOW - 2 * HOUR + 7 * DAY


def test_only_what_passes_says_until_when_it_holds():
    assert of(report(BAD)).until is None


def test_without_evidence_a_gate_is_missing():
    assert said(of()) == ("missing", "there is no test report of this commit")


def test_evidence_of_another_commit_alone_is_stale_and_names_both():
    moved = report(GOOD, commit=OTHER)
    assert said(of(report(GOOD, commit="e" * 40), moved)) == (
        "stale",
        "test report is of commit ffffffffffff, not of a1b2c3d4e5f6",
    )
    assert said(of(report(GOOD, name="b.xml"), moved)) == PASSED
    assert said(of(report(LoadFacts("k6", 1, 0, 1.0, 1, 1, 1, 1), commit=OTHER))) == (
        "missing",
        "there is no test report of this commit",
    )


def test_a_report_that_names_another_commit_itself_is_stale():
    assert said(of(report(GOOD, own=OTHER))) == (
        "stale",
        "test report is of commit ffffffffffff, not of a1b2c3d4e5f6",
    )
    assert said(of(report(GOOD), report(GOOD, name="b.xml", own=OTHER))) == (
        "stale",
        "b.xml is of commit ffffffffffff, not of a1b2c3d4e5f6",
    )


@pytest.mark.parametrize("own", [COMMIT, COMMIT[:7], COMMIT[:12].upper(), None])
def test_a_report_may_name_its_commit_in_short(own):
    assert said(of(report(GOOD, own=own))) == PASSED


@pytest.mark.parametrize("own", [COMMIT[:6], "", COMMIT + "0", "b1b2c3d"])
def test_too_short_or_other_names_are_not_the_commit(own):
    assert of(report(GOOD, own=own)).status == "stale"
    assert not names_commit(own, COMMIT)


def test_evidence_without_a_commit_counts_only_where_it_is_about_the_service():
    assert said(of(report(GOOD, commit=None))) == (
        "missing",
        "no test report counts for this commit;"
        " 1 report by build-bot is left aside: it is not said of which commit",
    )
    assert said(of(report(GOOD), report(GOOD, name="b", commit=None, by=QA))) == (
        "pass",
        "9 tests passed; 1 report by quinn is left aside: it is not said of which commit",
    )
    drill = report(DrillFacts("dump", True, True, 1, 1), commit=None)
    assert of(drill, rule=BackupRule()).status == "pass"


def test_evidence_becomes_too_old():
    assert of(report(GOOD, at=NOW - 7 * DAY + timedelta(seconds=1))).status == "pass"
    result = of(report(GOOD, at=NOW - 9 * DAY))
    assert said(result) == ("stale", "test report is 9 days old (limit 7)")
    assert counted(result) == (9, 7, "days")
    assert of(report(GOOD, at=NOW - 7 * DAY)).status == "stale"
    old = report(LoadFacts("k6", 1000, 0, 1.0, 1, 1, 1, 1), at=NOW - 9 * DAY)
    assert said(of(old, rule=LoadRule())) == ("stale", "load test is 9 days old (limit 7)")


def test_the_oldest_of_several_reports_decides():
    result = of(report(GOOD), report(GOOD, name="b.xml", at=NOW - 9 * DAY))
    assert said(result) == ("stale", "b.xml is 9 days old (limit 7)")
    assert [each.name for each in result.evidence] == ["report.xml", "b.xml"]


def test_evidence_from_the_future_is_not_believed():
    assert of(report(GOOD, at=NOW + timedelta(minutes=5))).status == "pass"
    assert said(of(report(GOOD, at=NOW + timedelta(minutes=6)))) == (
        "inconclusive",
        "test report is from the future: it says 2026-03-10 12:06 UTC",
    )


def test_a_failure_of_now_stays_a_failure_whatever_else_is_stale():
    result = of(report(GOOD, name="a.xml", at=NOW - 9 * DAY), report(BAD))
    assert said(result) == ("fail", "1 of 9 tests failed (at most 0)")
    assert of(report(BAD, at=NOW - 9 * DAY), report(GOOD, name="b")).status == "stale"


def test_the_last_filed_of_one_name_replaces_the_one_before():
    assert of(report(BAD), report(GOOD)).status == "pass"
    assert of(report(GOOD), report(BAD)).status == "fail"
    bad = report(BAD, name="b")
    assert of(report(GOOD), bad, paper(Withdrawal(bad.id, "x"), commit=None)).status == "pass"


def test_a_report_of_another_commit_does_not_replace_one_of_this():
    assert of(report(GOOD), report(BAD, commit=OTHER)).status == "pass"


BOT = Actor("bot", frozenset({Role.CI, Role.TECH_LEAD}))


@pytest.mark.parametrize(
    ("suppliers", "filed", "counts"),
    [
        (("ci",), report(GOOD), True),
        (("CI",), report(GOOD), True),
        (("Build-Bot",), report(GOOD), True),
        (("tech lead",), report(GOOD, by=BOT), True),
        (("tech_lead",), report(GOOD, by=LEAD), True),
        (("nightly", "unit"), report(GOOD, job="Unit"), True),
        (("unit",), report(GOOD, by=Actor("own", frozenset({Role.OWNER})), job="unit"), True),
        (("unit",), report(GOOD, by=DEV, job="unit"), False),
        (("unit",), report(GOOD), False),
        (("ci",), report(GOOD, by=DEV), False),
    ],
)
def test_only_suppliers_who_are_named_count(suppliers, filed, counts):
    result = of(filed, rule=replace(RULE, suppliers=suppliers))
    assert (result.status == "pass") is counts
    if not counts:
        assert said(result) == (
            "missing",
            "no test report counts for this commit; 1 report by"
            f" {filed.actor} is left aside: only {', '.join(suppliers)} may supply it",
        )


def test_what_is_left_aside_is_said_beside_what_counts():
    rule = replace(RULE, suppliers=("ci", "qa"))
    papers = [report(BAD, name=name, by=by) for name, by in (("a", DEV), ("b", LEAD), ("c", DEV))]
    result = of(report(GOOD), *papers, rule=rule)
    assert said(result) == (
        "pass",
        "9 tests passed; 3 reports by dev, lee are left aside: only ci, qa may supply it",
    )
    assert [each.name for each in result.evidence] == ["report.xml"]
    unbound = report(GOOD, name="d", by=DEV, commit=None)
    assert len(supplied(rule, case_of(unbound, *papers), unbound.content.evidence.kind).aside) == 2
    moved = of(report(GOOD, by=DEV), report(GOOD, commit=OTHER), rule=rule)
    assert said(moved) == (
        "stale",
        "test report is of commit ffffffffffff, not of a1b2c3d4e5f6;"
        " 1 report by dev is left aside: only ci, qa may supply it",
    )


def case_of(*papers):
    from tests.plans import a_plan

    from gonogo.gates.case import Case

    return Case(a_plan(), dossier(*papers), NOW)


def checked(name: str, **more):
    return report(AlertRuleFacts("promtool", 1, 0), name=name, **more)


def test_a_fresh_report_of_the_service_stands_in_for_its_old_ones():
    old = checked("old", commit=None, at=NOW - 9 * DAY)
    result = of(old, checked("new", commit=None), rule=AlertRulesRule())
    assert result.status == "pass"
    assert [each.name for each in result.evidence] == ["new"]
    assert result.until == NOW - HOUR + 7 * DAY


def test_old_reports_of_the_commit_or_strange_ones_are_not_stood_in_for():
    rule = AlertRulesRule()
    fresh, old = checked("new", commit=None), {"at": NOW - 9 * DAY}
    assert of(fresh, checked("old", **old), rule=rule).status == "stale"
    assert of(checked("new"), checked("old", commit=None, **old), rule=rule).status == "stale"
    ahead = checked("ahead", commit=None, at=NOW + HOUR)
    assert of(fresh, ahead, rule=rule).status == "inconclusive"


def test_the_newest_health_report_counts():
    bad = SiteHealthFacts((HealthTest("disk", HealthState.CRITICAL),))
    good = SiteHealthFacts((HealthTest("disk", HealthState.GOOD),))
    papers = [
        report(bad, name="a", commit=None, at=NOW - 2 * HOUR),
        report(good, name="b", commit=None, at=NOW - HOUR),
    ]
    assert of(*papers, rule=SiteHealthRule()).status == "pass"
    assert of(*reversed(papers), rule=SiteHealthRule()).status == "pass"
    same = [report(bad, name="a", commit=None), report(good, name="b", commit=None)]
    assert of(*same, rule=SiteHealthRule()).status == "pass"


def test_a_stale_piece_among_many_is_named_by_its_report():
    gone = report(GOOD, name="x.xml", by=CI, own=OTHER)
    assert of(gone).reason.startswith("test report is of commit")


@pytest.mark.parametrize(
    ("age", "limit", "words"),
    [
        (9 * DAY, 7 * DAY, "9 days old (limit 7)"),
        (7 * DAY + HOUR, 7 * DAY, "169 hours old (limit 168)"),
        (26 * HOUR, DAY, "26 hours old (limit 24)"),
        (2 * DAY, 4 * HOUR, "48 hours old (limit 4)"),
        (DAY + timedelta(minutes=1), DAY, "1441 minutes old (limit 1440)"),
        (DAY + timedelta(seconds=1), DAY, "86401 seconds old (limit 86400)"),
        (DAY, DAY, "1 day old (limit 1 day)"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_shows_it(age, limit, words):
    assert older(age, limit) == words


def test_words_for_numbers_spans_and_lists():
    assert [count(1, "test"), count(2, "test"), count(0, "box", "boxes")] == [
        "1 test",
        "2 tests",
        "0 boxes",
    ]
    assert [plain(3.0), plain(0.123456), plain(1e6)] == ["3", "0.1235", "1000000"]
    assert [share(0.9999), share(0.6), share(1), share(0.29)] == ["99.9 %", "60 %", "100 %", "29 %"]
    assert [share_up(0.01001), share_up(0.07), share_up(0)] == ["1.1 %", "7 %", "0 %"]
    assert [span(2 * DAY), span(HOUR), span(timedelta(seconds=90)), span(timedelta())] == [
        "2 days",
        "1 hour",
        "90 seconds",
        "0 seconds",
    ]
    assert some("abcde") == "a, b, c, d, e"
    assert some("abcdef", "; ") == "a; b; c; d; e and 1 more"
    assert moment(NOW.astimezone()) == "2026-03-10 12:00 UTC"


@pytest.mark.parametrize("rule", [BackupRule(), SiteHealthRule(), AlertRulesRule(), LoadRule()])
def test_whatever_is_looked_at_nothing_filed_is_missing(rule):
    assert of(rule=rule).status == "missing"
