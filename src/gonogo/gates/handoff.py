"""Gates over the handoff: its risks, and operations' word that they take it over."""

from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier, newest
from gonogo.domain.facts import Severity
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import AcknowledgementRule, RisksRule
from gonogo.domain.paper import Acknowledgement, Handoff, Paper
from gonogo.gates import words
from gonogo.gates.case import Case, answer
from gonogo.gates.supply import age_of, of_this_commit

S = GateStatus
GRAVE = frozenset({Severity.UNKNOWN, Severity.CRITICAL, Severity.HIGH})
"""Severities that need a mitigation; what nobody graded counts as grave."""


def risks(rule: RisksRule, case: Case) -> GateResult:
    """Whether something is done about every grave risk and known issue."""
    found = newest(of_this_commit(case.dossier), Handoff)
    if found is None:
        return answer(rule, S.MISSING, "QA has not handed this commit over")
    concerns = (*found[1].risks, *found[1].known_issues)
    grave = [one for one in concerns if one.severity in GRAVE]
    bare = [one for one in grave if not one.mitigation.strip()]
    if bare:
        named = words.some(f"{one.title} ({one.severity.value})" for one in bare)
        reason = f"without a mitigation: {named}"
        owners = tuple(dict.fromkeys(one.owner for one in bare if one.owner))
        return answer(
            rule, S.FAIL, reason, number=len(bare), limit=0, unit="unmitigated", asks=owners
        )
    told = words.count(len(concerns), "risk or known issue", "risks and known issues")
    reason = f"{told}, {len(grave)} grave and mitigated" if concerns else "no risk is known"
    return answer(rule, S.PASS, reason, number=0, limit=0, unit="unmitigated")


def acknowledgement(rule: AcknowledgementRule, case: Case) -> GateResult:
    """Whether operations took the handoff over, and their window is open now."""
    asks = (Role.DEVOPS.words,)
    dossier = of_this_commit(case.dossier)
    handoff, found = newest(dossier, Handoff), newest(dossier, Acknowledgement)
    if handoff is None:
        return answer(rule, S.MISSING, "QA has not handed this commit over", asks=(Role.QA.words,))
    if found is None:
        return answer(rule, S.MISSING, "operations have not acknowledged the handoff", asks=asks)
    if _place(dossier, found[0]) < _place(dossier, handoff[0]):
        reason = f"the handoff is newer than the acknowledgement by {found[0].actor}"
        return answer(rule, S.STALE, reason, asks=asks)
    return _scheduled(rule, case, *found)


def _scheduled(
    rule: AcknowledgementRule, case: Case, paper: Paper, word: Acknowledgement
) -> GateResult:
    """Where the moment stands against the window. An acknowledgement ages from its window's start."""
    start = word.starts_at or paper.at
    asks = (paper.actor,)
    if word.starts_at is not None and case.now < start:
        reason = f"the window given by {paper.actor} opens at {words.moment(start)}"
        return answer(rule, S.FAIL, reason, asks=asks, until=start, passes=True)
    if word.window is not None and case.now >= start + word.window:
        reason = f"the window given by {paper.actor} closed at {words.moment(start + word.window)}"
        return answer(rule, S.STALE, reason, asks=asks)
    since = max(start, paper.at)
    if (old := age_of(since, rule, case.now)) is not None:
        reason = f"the acknowledgement by {paper.actor} is {old}"
        return answer(rule, S.STALE, reason, asks=asks)
    ends = [since + rule.expires]
    if word.window is not None:
        ends.append(start + word.window)
    reason = f"acknowledged by {paper.actor}"
    if word.window is not None:
        reason = f"{reason}, window open until {words.moment(start + word.window)}"
    return answer(rule, S.PASS, reason, until=min(ends))


def _place(dossier: Dossier, paper: Paper) -> int:
    """Where a paper stands in the order of filing."""
    return dossier.papers.index(paper)
