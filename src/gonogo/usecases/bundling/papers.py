"""What a bundle says of papers: evidence, test results, sign-offs and the rest, as of the decision."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.domain.audit import AuditEntry
from gonogo.domain.dossier import (
    OF_THE_DESK,
    Dossier,
    current,
    evidence_digest,
    holding,
    newest,
    withdrawn,
)
from gonogo.domain.errors import Conflict
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import TestFacts
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import (
    Acknowledgement,
    FiledEvidence,
    Flag,
    Handoff,
    Paper,
    Rejection,
    Tick,
    Waiver,
    Withdrawal,
)
from gonogo.domain.plan import Plan
from gonogo.gates.sign_offs import UNKNOWN_AUTHORS, authors, standing
from gonogo.usecases.bundling.statements import plain, test_outcome


@dataclass(frozen=True, slots=True)
class AsOf:
    """The dossier as it was when the decision was made (None: none was made; then as of now)."""

    dossier: Dossier
    at: datetime
    decision: AuditEntry | None


def as_of(dossier: Dossier, decision: AuditEntry | None, now: datetime) -> AsOf:
    """Cut the papers off where the decision was made.

    A paper may have been filed while the decision was being made, so that its time alone does not tell
    on which side it stands; the digest that the decision names does. Raises Conflict when no cut
    gives that digest: then what is stored is not what was decided on.
    """
    if decision is None:
        return AsOf(dossier, now, None)
    at = datetime.fromisoformat(str(decision.data["at"]))
    papers = dossier.papers
    by_time = sum(paper.at <= at for paper in papers)
    for end in sorted(range(len(papers) + 1), key=lambda end: abs(end - by_time)):
        cut = Dossier(
            dossier.service,
            dossier.version,
            dossier.commit,
            papers[:end],
            dossier.previous,
            dossier.change,
        )
        if evidence_digest(cut) == decision.data["digest"]:
            return AsOf(cut, at, decision)
    raise Conflict(
        f"the decision of {at:%Y-%m-%d %H:%M} UTC rests on evidence"
        f" {str(decision.data['digest'])[:16]}, and what is filed gives"
        f" {evidence_digest(dossier)[:16]}: a bundle would not hold",
        hint="gonogo verify",
    )


def shown_of(papers: tuple[Paper, ...], then: AsOf) -> tuple[Paper, ...]:
    """The papers that a bundle speaks of.

    All of this version's; of what was filed about the service over the years, only what counted.
    """
    dossier = then.dossier
    ticks = {(tick.checklist, tick.item): paper.id for paper, tick in holding(dossier, Tick)}
    flags = {flag.name: paper.id for paper, flag in holding(dossier, Flag)}
    counted = {filed.paper.id for filed in current(dossier)}
    counted |= {*ticks.values(), *flags.values()}
    counted |= {paper.id for paper, waiver in holding(dossier, Waiver) if waiver.until > then.at}
    return tuple(paper for paper in papers if paper.commit is not None or paper.id in counted)


def evidence_predicate(papers: tuple[Paper, ...], then: AsOf) -> dict[str, Any]:
    """Every piece of evidence among them, as it was filed; `counted` as of the decision."""
    counted = {filed.paper.id for filed in current(then.dossier)}
    return {
        "as_of": plain(then.at),
        "evidence": [
            _evidence(paper, paper.content, counted=paper.id in counted)
            for paper in papers
            if isinstance(paper.content, FiledEvidence)
        ],
    }


def _evidence(paper: Paper, content: FiledEvidence, *, counted: bool) -> dict[str, Any]:
    evidence = content.evidence
    facts = evidence.facts
    tests = None
    if isinstance(facts, TestFacts):
        tests = {
            name: getattr(facts, name) for name in ("total", "passed", "failed", "skipped", "flaky")
        }
    return {
        "paper": paper.id,
        "kind": evidence.kind.value,
        "format": evidence.format,
        "name": plain(evidence.name),
        "digest": {"sha256": evidence.digest},
        "size": evidence.size,
        "at": plain(content.at),
        "filed_at": plain(paper.at),
        "claimed_commit": content.claimed_commit,
        "claimed_at": content.claimed_at,
        "supplier": paper.actor,
        "roles": plain(paper.roles),
        "job": plain(content.job),
        "of_service": paper.commit is None,
        "of_the_desk": evidence.kind in OF_THE_DESK,
        "counted": counted,
        "tests": tests,
    }


def test_results(papers: tuple[Paper, ...]) -> list[dict[str, Any]]:
    """One predicate of the type test-result for every report of tests."""
    return [
        _test_result(paper.content.evidence, paper.content.evidence.facts)
        for paper in papers
        if isinstance(paper.content, FiledEvidence)
        and isinstance(paper.content.evidence.facts, TestFacts)
    ]


def _test_result(evidence: Evidence, facts: TestFacts) -> dict[str, Any]:
    """Names of tests that failed are given as far as the desk kept them; of others it keeps none."""
    named = {"failedTests": [plain(each.what) for each in facts.failures]} if facts.failures else {}
    return {
        "result": test_outcome(facts.total, facts.failed, facts.flaky),
        "configuration": [{"name": plain(evidence.name), "digest": {"sha256": evidence.digest}}],
        **named,
    }


def papers_predicate(plan: Plan, then: AsOf, shown: tuple[Paper, ...]) -> dict[str, Any]:
    """What people filed of it, as of the decision."""
    known = {paper.id for paper in shown}
    dossier = then.dossier
    handoff = newest(dossier, Handoff)
    gone = withdrawn(dossier.papers)
    return {
        "as_of": plain(then.at),
        "evidence_digest": evidence_digest(dossier),
        "handoff": None if handoff is None else _paper(handoff[0], gone),
        "sign_offs": _sign_offs(plan, then, gone),
        "acknowledgement": _last(newest(dossier, Acknowledgement), gone),
        "waivers": _all(dossier, Waiver, gone, known),
        "ticks": [_paper(paper, gone) for paper, _ in holding(dossier, Tick) if paper.id in known],
        "flags": [_paper(paper, gone) for paper, _ in holding(dossier, Flag) if paper.id in known],
        "rejections": _all(dossier, Rejection, gone, known),
        "withdrawals": _all(dossier, Withdrawal, gone, known),
    }


def _sign_offs(plan: Plan, then: AsOf, gone: Mapping[str, Paper]) -> list[dict[str, Any]]:
    """Every sign-off with why it was void. Who wrote the change counts where it can still be told."""
    rule = next((rule for rule in plan.gates if isinstance(rule, SignOffsRule)), None)
    if rule is None:
        rule = SignOffsRule(author_may_sign=True)
    known = rule.author_may_sign or authors(then.dossier.change) is not None
    found = []
    for one in standing(then.dossier, rule, then.at):
        void = one.void if known or one.void != UNKNOWN_AUTHORS else None
        found.append({**_paper(one.paper, gone), "void": void, "authors_known": known})
    return found


def _all(
    dossier: Dossier, content: type, gone: Mapping[str, Paper], known: Collection[str]
) -> list[dict[str, Any]]:
    return [
        _paper(paper, gone)
        for paper in dossier.papers
        if isinstance(paper.content, content) and paper.id in known
    ]


def _last(found: tuple[Paper, object] | None, gone: Mapping[str, Paper]) -> dict[str, Any] | None:
    return None if found is None else _paper(found[0], gone)


def _paper(paper: Paper, gone: Mapping[str, Paper]) -> dict[str, Any]:
    """Addresses of people stay at the desk."""
    return {
        "paper": paper.id,
        "by": plain(paper.actor),
        "roles": plain(paper.roles),
        "at": plain(paper.at),
        "of_service": paper.commit is None,
        "content": plain(paper.content),
        "withdrawn": paper.id in gone,
    }
