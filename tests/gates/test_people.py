"""Checklists, acknowledgements and sign-offs: whose word counts, and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.gates.cases import (
    CHANGE,
    CI,
    COMMIT,
    DAY,
    DEV,
    HOUR,
    LEAD,
    NOW,
    OPS,
    OTHER,
    QA,
    counted,
    dossier,
    held,
    paper,
    report,
    said,
    signed,
)
from tests.plans import a_plan

from gonogo.domain.actor import Actor, Role
from gonogo.domain.change import Change, CommitNote
from gonogo.domain.dossier import Dossier
from gonogo.domain.facts import MeasurementFacts, SmokeFacts, TestFacts
from gonogo.domain.gate import GateResult
from gonogo.domain.gate_rules import AcknowledgementRule, ChecklistsRule, SignOffsRule
from gonogo.domain.paper import Acknowledgement, Flag, Handoff, Tick, Withdrawal
from gonogo.domain.plan import Checklist, ChecklistItem, ChecklistTime
from gonogo.gates.checklists import lines
from gonogo.gates.sign_offs import authors, standing

NONE = (None, None, "")
DEPLOY = Checklist(
    "deploy",
    (
        ChecklistItem("Backup taken", roles=(Role.DEVOPS, Role.ADMIN), evidence=True),
        ChecklistItem("Notes written"),
        ChecklistItem("Smoke seen", evidence=True),
    ),
)
KEYS = Checklist("security", (ChecklistItem("Keys rotated"),), every=30 * DAY)
AFTER = Checklist("after", (ChecklistItem("Watched"),), when=ChecklistTime.AFTER)
PLAN = a_plan(checklists=(DEPLOY, KEYS, AFTER))


def tick(item: str, by: Actor = QA, checklist: str = "deploy", **more: object):
    content = {key: more.pop(key) for key in ("done", "evidence") if key in more}
    return paper(Tick(checklist, item, **content), by, **more)  # type: ignore[arg-type]


BACKUP = tick("Backup taken", OPS, evidence="s3://dump")
NOTES = tick("Notes written")
SEEN = tick("Smoke seen", evidence="run 7")
ROTATED = tick("Keys rotated", checklist="security", commit=None, at=NOW - 29 * DAY)
ALL = (BACKUP, NOTES, SEEN, ROTATED)


def ticked(*papers: object, names: tuple[str, ...] = (), plan=PLAN) -> GateResult:
    return held(ChecklistsRule(names=names), dossier(*papers), plan=plan)  # type: ignore[arg-type]


def test_ticked_checklists_pass_until_a_recurring_line_is_due_again():
    result = ticked(*ALL)
    assert (said(result), counted(result)) == (("pass", "4 of 4 lines ticked"), (4, 4, "ticked"))
    assert result.until == NOW + DAY
    assert ticked(*ALL, names=("deploy",)).until is None


def test_open_lines_are_named_with_who_may_tick_them():
    result = ticked(ROTATED)
    assert said(result) == (
        "missing",
        "1 of 4 lines ticked, open: Backup taken (devops, admin with evidence);"
        " Notes written; Smoke seen (with evidence)",
    )
    assert counted(result) == (1, 4, "ticked")
    assert result.asks == ("devops", "admin")


@pytest.mark.parametrize(
    ("papers", "still_open"),
    [
        ((tick("Backup taken", QA, evidence="x"),), True),
        ((tick("Backup taken", OPS),), True),
        ((tick("Backup taken", OPS, evidence=" "),), True),
        ((replace(BACKUP, commit=OTHER),), True),
        ((replace(BACKUP, commit=None),), True),
        ((tick("Backup taken", OPS, "security", evidence="x"),), True),
        ((BACKUP, tick("Backup taken", QA, done=False)), True),
        ((BACKUP, tick("Backup taken", QA)), False),
        ((tick("Backup taken", QA, done=False), BACKUP), False),
        ((BACKUP, paper(Withdrawal(BACKUP.id, "wrong"))), True),
    ],
)
def test_a_tick_counts_from_who_may_with_evidence_for_this_commit_until_undone(papers, still_open):
    result = ticked(NOTES, SEEN, ROTATED, *papers)
    assert (result.status == "missing") is still_open
    assert ("Backup taken" in result.reason) is still_open


def test_a_recurring_line_falls_due_again():
    old = replace(ROTATED, at=NOW - 30 * DAY)
    result = ticked(BACKUP, NOTES, SEEN, old)
    assert said(result) == ("stale", "3 of 4 lines ticked, due again: Keys rotated")
    assert counted(result) == (3, 4, "ticked")
    both = ticked(BACKUP, NOTES, old)
    assert said(both) == (
        "missing",
        "2 of 4 lines ticked, open: Smoke seen (with evidence)",
    )
    (line,) = lines(KEYS, dossier(old), NOW)
    assert (line.checklist, line.due, line.overdue, line.done) == (KEYS, NOW, True, False)


def test_who_may_tick_what_is_due_again_is_asked():
    item = ChecklistItem("Keys rotated", roles=(Role.DEVOPS,))
    plan = a_plan(checklists=(Checklist("security", (item,), every=30 * DAY),))
    old = tick("Keys rotated", OPS, "security", commit=None, at=NOW - 31 * DAY)
    assert said(ticked(old, plan=plan))[0] == "stale"
    assert ticked(old, plan=plan).asks == ("devops",)


def test_the_earliest_of_several_recurring_lines_says_until_when():
    plan = a_plan(checklists=(KEYS, Checklist("weekly", KEYS.items, every=7 * DAY)))
    weekly = tick("Keys rotated", checklist="weekly", commit=None, at=NOW - DAY)
    assert ticked(ROTATED, weekly, plan=plan).until == NOW + DAY


def test_a_recurring_tick_is_one_of_the_service():
    assert ticked(BACKUP, NOTES, SEEN, replace(ROTATED, commit=COMMIT)).status == "missing"


def test_one_line_is_one_line():
    plan = a_plan(checklists=(KEYS,))
    assert said(ticked(ROTATED, plan=plan)) == ("pass", "1 of 1 line ticked")


def test_checklists_that_are_not_there_are_not_taken_for_complete():
    assert said(ticked(names=("deploy", "x", "y"))) == (
        "inconclusive",
        "the plan has no checklist x, y",
    )
    assert said(ticked(plan=a_plan(checklists=(AFTER,)))) == (
        "inconclusive",
        "the plan has no checklist for before a release",
    )
    empty = a_plan(checklists=(Checklist("none", ()),))
    assert said(ticked(plan=empty)) == ("inconclusive", "no checklist has a line to tick")


def test_a_checklist_for_after_a_release_is_asked_for_when_it_is_named():
    result = ticked(names=("after",))
    assert said(result) == ("missing", "0 of 1 line ticked, open: Watched")


HANDOFF = paper(Handoff("v1.3.0", "sprint 16"), at=NOW - 2 * DAY)
ACK = AcknowledgementRule()


def taken(at=NOW - DAY, **word: object):
    return paper(Acknowledgement(**word), OPS, at=at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("papers", "expected", "until"),
    [
        ((HANDOFF, taken()), ("pass", "acknowledged by olga"), NOW + 6 * DAY),
        (
            (HANDOFF, taken(starts_at=NOW, window=HOUR)),
            ("pass", "acknowledged by olga, window open until 2026-03-10 13:00 UTC"),
            NOW + HOUR,
        ),
        (
            (HANDOFF, taken(window=9 * DAY)),
            ("pass", "acknowledged by olga, window open until 2026-03-18 12:00 UTC"),
            NOW + 6 * DAY,
        ),
        (
            (HANDOFF, taken(NOW - 9 * DAY, starts_at=NOW)),
            ("pass", "acknowledged by olga"),
            NOW + 7 * DAY,
        ),
        (
            (HANDOFF, taken(starts_at=NOW - 9 * DAY, window=30 * DAY)),
            ("pass", "acknowledged by olga, window open until 2026-03-31 12:00 UTC"),
            NOW + 6 * DAY,
        ),
        (
            (HANDOFF, taken(starts_at=NOW + HOUR)),
            ("fail", "the window given by olga opens at 2026-03-10 13:00 UTC"),
            NOW + HOUR,
        ),
        (
            (HANDOFF, taken(starts_at=NOW - HOUR, window=HOUR)),
            ("stale", "the window given by olga closed at 2026-03-10 12:00 UTC"),
            None,
        ),
        (
            (HANDOFF, taken(NOW - 8 * DAY)),
            ("stale", "the acknowledgement by olga is 8 days old (limit 7)"),
            None,
        ),
        (
            (taken(), HANDOFF),
            ("stale", "the handoff is newer than the acknowledgement by olga"),
            None,
        ),
        ((HANDOFF,), ("missing", "operations have not acknowledged the handoff"), None),
        ((taken(),), ("missing", "QA has not handed this commit over"), None),
        (
            (HANDOFF, replace(taken(), commit=OTHER)),
            ("missing", "operations have not acknowledged the handoff"),
            None,
        ),
    ],
)
def test_operations_took_over_the_newest_handoff_and_their_window_is_open(papers, expected, until):
    result = held(ACK, dossier(*papers))
    assert (said(result), result.until) == (expected, until)
    assert result.passes is ("opens at" in result.reason)


def test_who_is_asked_for_an_acknowledgement():
    asked = [
        held(replace(ACK, owner="ana"), dossier(*papers)).asks
        for papers in ((), (HANDOFF,), (taken(), HANDOFF), (HANDOFF, taken(starts_at=NOW + HOUR)))
    ]
    assert asked == [("QA",), ("devops",), ("devops",), ("olga",)]
    late = taken(starts_at=NOW - DAY, window=HOUR)
    assert held(ACK, dossier(HANDOFF, late)).asks == ("olga",)
    assert held(ACK, dossier(HANDOFF, taken(NOW - 8 * DAY))).asks == ("olga",)


def test_an_acknowledgement_that_was_taken_back_does_not_count_whatever_commit_that_names():
    first, second = taken(), taken(window=9 * DAY)
    back = paper(Withdrawal(second.id, "no"), OPS, commit=None)
    assert said(held(ACK, dossier(HANDOFF, first, second, back))) == (
        "pass",
        "acknowledged by olga",
    )


RULE = SignOffsRule(needed={Role.QA: 1, Role.TECH_LEAD: 1})
TESTED = report(TestFacts(9, 9, 0, 0), name="unit.xml", at=NOW - 2 * HOUR)


def both(known: Dossier) -> Dossier:
    return signed(signed(known, QA, Role.QA), LEAD, Role.TECH_LEAD, at=NOW - 2 * HOUR)


def test_sign_offs_of_every_role_pass_until_the_first_becomes_too_old():
    result = held(RULE, both(dossier(TESTED)))
    assert said(result) == ("pass", "signed by quinn (QA), lee (tech lead)")
    assert counted(result) == (2, 2, "sign-offs")
    assert result.until == NOW - 2 * HOUR + 7 * DAY


def test_the_roles_that_are_missing_are_named_and_asked():
    result = held(RULE, signed(dossier(TESTED), LEAD, Role.TECH_LEAD))
    assert said(result) == ("missing", "1 of 2 required sign-offs: QA is missing")
    assert (counted(result), result.asks) == ((1, 2, "sign-offs"), ("QA",))
    none = held(RULE, dossier(TESTED))
    assert said(none) == ("missing", "0 of 2 required sign-offs: QA, tech lead are missing")
    assert none.asks == ("QA", "tech lead")


def test_one_person_counts_once_in_a_role_and_may_have_several():
    rule = SignOffsRule(needed={Role.QA: 2, Role.PRODUCT: 0})
    twice = signed(signed(dossier(), QA, Role.QA), replace(QA, name="QUINN"), Role.QA)
    assert said(held(rule, twice)) == (
        "missing",
        "1 of 2 required sign-offs: QA (1 of 2) is missing",
    )
    other = signed(twice, replace(LEAD, roles=frozenset({Role.QA, Role.TECH_LEAD})), Role.QA)
    assert held(rule, other).status == "pass"
    many = Actor("mia", frozenset({Role.QA, Role.TECH_LEAD}))
    known = signed(signed(dossier(), many, Role.QA), many, Role.TECH_LEAD)
    assert held(RULE, known).status == "pass"


def test_more_sign_offs_of_one_role_do_not_stand_in_for_another():
    known = signed(signed(dossier(), QA, Role.QA), replace(QA, name="mia"), Role.QA)
    result = held(RULE, known)
    assert said(result) == ("missing", "1 of 2 required sign-offs: tech lead is missing")
    assert counted(result) == (1, 2, "sign-offs")


def test_a_rule_that_asks_for_nobody_is_inconclusive():
    for needed in ({}, {Role.QA: 0}):
        result = held(SignOffsRule(needed=needed), both(dossier()))
        assert said(result) == ("inconclusive", "the rule asks for nobody's sign-off")


def test_without_knowing_who_wrote_the_change_nobodys_word_counts():
    reason = "who wrote the change cannot be told, so no sign-off can count"
    for change in (None, replace(CHANGE, commits=())):
        known = both(dossier(change=change))
        assert said(held(RULE, known)) == ("inconclusive", reason)
        assert {one.void for one in standing(known, RULE, NOW)} == {
            "who wrote the change cannot be told"
        }
        assert held(replace(RULE, author_may_sign=True), known).status == "pass"
    nothing = replace(CHANGE, commits=(), files=())
    assert held(RULE, both(dossier(change=nothing))).status == "pass"


def void(known: Dossier, rule: SignOffsRule = RULE) -> str | None:
    return standing(known, rule, NOW)[-1].void


def test_a_sign_off_holds_for_its_commit_and_evidence():
    known = signed(dossier(TESTED), QA, Role.QA)
    assert void(known) is None
    assert void(replace(known, commit=OTHER)) == "was for a1b2c3d4e5f6, this is ffffffffffff"
    assert void(signed(dossier(), QA, Role.QA, commit=None)) == (
        "was for no commit, this is a1b2c3d4e5f6"
    )
    e2e = report(TestFacts(1, 1, 0, 0), name="e2e.xml")
    again = replace(
        known, papers=(*known.papers, e2e, e2e, HANDOFF, NOTES, paper(Flag("x", True, "")))
    )
    assert standing(again, RULE, NOW)[0].void == (
        "was for other evidence; since then: e2e.xml, a handoff by quinn"
    )
    assert said(held(RULE, again)) == (
        "missing",
        "0 of 2 required sign-offs: QA, tech lead are missing; void: QA by quinn"
        " (was for other evidence; since then: e2e.xml, a handoff by quinn)",
    )


def test_evidence_that_went_missing_voids_without_saying_what_came():
    known = signed(dossier(TESTED), QA, Role.QA)
    assert void(replace(known, papers=known.papers[1:])) == "was for other evidence"


def test_evidence_taken_back_voids_and_is_named():
    known = signed(dossier(HANDOFF), QA, Role.QA)
    back = paper(Withdrawal(HANDOFF.id, "wrong"), LEAD)
    known = replace(known, papers=(*known.papers, back))
    assert void(known) == "was for other evidence; since then: a withdrawal by lee"


def test_what_the_desk_or_the_service_files_does_not_void_a_sign_off():
    known = signed(dossier(TESTED), QA, Role.QA)
    smoke = report(SmokeFacts("staging", 1, 0), name="smoke")
    load = report(MeasurementFacts(()), name="kpi", commit=None)
    later = replace(known, papers=(*known.papers, smoke, load))
    assert void(later) is None
    more = replace(later, papers=(*later.papers, report(TestFacts(1, 1, 0, 0), name="more")))
    assert void(more) == "was for other evidence; since then: more"


def test_a_sign_off_that_was_taken_back_is_void_with_the_reason():
    known = signed(dossier(), QA, Role.QA)
    back = paper(Withdrawal(known.papers[0].id, "found a bug"), LEAD, commit=None)
    known = replace(known, papers=(*known.papers, back))
    assert void(known) == "was taken back by lee at 2026-03-10 11:00 UTC: found a bug"


def test_a_sign_off_in_a_role_that_one_does_not_have_is_void():
    assert void(signed(dossier(), QA, Role.TECH_LEAD)) == "quinn was not tech lead then"


def test_a_sign_off_becomes_too_old():
    assert void(signed(dossier(), QA, Role.QA, at=NOW - 7 * DAY)) == "is 7 days old (limit 7 days)"
    assert void(signed(dossier(), QA, Role.QA, at=NOW - 7 * DAY + timedelta(seconds=1))) is None
    short = replace(RULE, expires=HOUR)
    assert (
        void(signed(dossier(), QA, Role.QA, at=NOW - 90 * HOUR), short)
        == "is 90 hours old (limit 1)"
    )


def note(name: str, email: str, body: str = "") -> CommitNote:
    return CommitNote("c" * 40, name, email, NOW, "Add search", body)


def by(*commits: CommitNote) -> Change:
    return replace(CHANGE, commits=commits)


@pytest.mark.parametrize(
    "change",
    [
        by(note("Quinn", "else@example.invalid")),
        by(note("Somebody", "QUINN@example.invalid")),
        by(note("Dev", "dev@example.invalid"), note("x", "quinn@example.invalid ")),
        by(note("Dev", "d@x", "Search\n\nCo-authored-by: Q <Quinn@example.invalid>")),
        by(note("Dev", "d@x", "Search\n\nco-authored-by:  QUINN  <q@x> \nSigned-off-by: D <d@x>")),
    ],
)
def test_whoever_wrote_part_of_the_change_does_not_sign_it(change):
    known = signed(dossier(change=change), QA, Role.QA)
    assert void(known) == "quinn wrote part of the change"
    assert void(known, replace(RULE, author_may_sign=True)) is None


def test_whoever_is_only_mentioned_did_not_write_the_change():
    body = "Reviewed-by: Quinn <quinn@example.invalid>\nthanks, Co-authored-by: quinn"
    assert void(signed(dossier(change=by(note("Dev", "d@x", body))), QA, Role.QA)) is None


def test_an_author_without_a_name_is_nobody():
    assert authors(by(note("", " "))) == frozenset()


def test_void_sign_offs_of_roles_that_are_not_missing_are_not_told():
    known = signed(signed(dossier(), DEV, Role.QA), LEAD, Role.TECH_LEAD)
    known = signed(known, CI, Role.TECH_LEAD)
    result = held(RULE, known)
    assert result.reason == (
        "1 of 2 required sign-offs: QA is missing; void: QA by dev (dev was not QA then)"
    )


def test_every_void_sign_off_of_a_missing_role_is_told():
    known = signed(signed(dossier(), DEV, Role.QA), CI, Role.QA)
    assert held(SignOffsRule(needed={Role.QA: 1}), known).reason == (
        "0 of 1 required sign-off: QA is missing; void: QA by dev (dev was not QA then);"
        " QA by build-bot (build-bot was not QA then)"
    )
