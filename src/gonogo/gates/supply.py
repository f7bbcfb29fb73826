"""Which evidence counts for a rule, and what is said when none does.

Evidence counts when it was filed for this very commit (or, where it is about the service and not
about one version, for the service), when the report itself names no other commit, when whoever
supplied it may, and while it is not too old. What does not count is never passed over in silence:
the reason of the result says that it was left aside, and why.

A failure that evidence of now shows stays a failure whatever else is stale; without one, a single
stale report makes the whole answer stale. For evidence about the service a newer report stands in
for an older one, so that last month's report does not speak against today's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier, Filed, current
from gonogo.domain.evidence import FACTS, EvidenceKind, Facts
from gonogo.domain.gate import EvidenceReference, GateResult, GateStatus
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.paper import FiledEvidence, Paper, Withdrawal
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst

OF_THE_SERVICE = frozenset(
    {
        EvidenceKind.ALERT_RULES,
        EvidenceKind.MEASUREMENTS,
        EvidenceKind.SITE_HEALTH,
        EvidenceKind.DRILL,
    }
)
"""Evidence that may be filed for a service instead of one commit."""

AHEAD = timedelta(minutes=5)
"""How far clocks may differ: evidence from further in the future is not believed."""

AGE_UNIT = "days"
"""The unit of a result whose number is how old something is."""

SHORTEST = 7
"""The fewest characters of an abbreviated commit that are taken for it."""

AnyFacts = TypeVar("AnyFacts", bound=Facts)
AnyRule = TypeVar("AnyRule", bound=GateRule)
Pick = Callable[[tuple[Filed, ...]], tuple[Filed, ...]]


@dataclass(frozen=True, slots=True)
class Supply:
    """Evidence of one kind: what counts, and a sentence for each group that was left aside.

    `moved` says that there is evidence of another commit.
    """

    filed: tuple[Filed, ...]
    aside: tuple[str, ...] = ()
    moved: str = ""


def names_commit(word: str, commit: str) -> bool:
    """Whether a word is this commit, in full or abbreviated to at least `SHORTEST` characters."""
    return len(word) >= SHORTEST and commit.lower().startswith(word.lower())


def of_this_version(dossier: Dossier) -> Dossier:
    """The dossier without papers of other commits."""
    return replace(
        dossier,
        papers=tuple(
            p
            for p in dossier.papers
            if p.commit in {None, dossier.commit} or isinstance(p.content, Withdrawal)
        ),
    )


def of_this_commit(dossier: Dossier) -> Dossier:
    """The dossier with papers of its very commit, and the withdrawals of the service."""
    return replace(
        dossier,
        papers=tuple(
            p
            for p in dossier.papers
            if p.commit == dossier.commit or isinstance(p.content, Withdrawal)
        ),
    )


def supplied(rule: GateRule, case: Case, kind: EvidenceKind) -> Supply:
    """The evidence of one kind that counts for the rule, whatever its age."""
    dossier = case.dossier
    every = tuple(
        filed for filed in current(of_this_version(dossier)) if filed.content.evidence.kind is kind
    )
    unbound = tuple(f for f in every if f.paper.commit is None and kind not in OF_THE_SERVICE)
    strange = tuple(f for f in every if f not in unbound and not _allowed(rule, f))
    aside = tuple(
        sentence
        for sentence in (
            _left_aside(unbound, "it is not said of which commit"),
            _left_aside(strange, f"only {', '.join(rule.suppliers)} may supply it"),
        )
        if sentence
    )
    counting = tuple(f for f in every if f not in unbound and f not in strange)
    return Supply(counting, aside, "" if counting else _elsewhere(dossier, kind))


def on_evidence(
    rule: AnyRule,
    case: Case,
    facts: type[AnyFacts],
    assess: Callable[[AnyRule, tuple[AnyFacts, ...]], GateResult],
    pick: Pick | None = None,
) -> GateResult:
    """What a rule comes to on the evidence of one kind of facts.

    `pick` chooses what is looked at of all that counts; without one it is everything but old reports
    of the service that a newer one stands in for. `assess` is given at least one piece.
    """
    supply = supplied(rule, case, _kind(facts))
    chosen = pick(supply.filed) if pick else supply.filed
    if not chosen:
        return _nothing(rule, supply)
    troubles = {filed.paper.id: _trouble(rule, case, filed, len(chosen)) for filed in chosen}
    fresh = tuple(filed for filed in chosen if troubles[filed.paper.id] is None)
    looked_at = chosen if pick else _without_outlived(chosen, troubles)
    found = tuple(f.content.evidence.facts for f in fresh)
    fitting = tuple(each for each in found if isinstance(each, facts))
    result = assess(rule, fitting) if fitting else None
    left = tuple(t for f in looked_at if (t := troubles[f.paper.id]) is not None)
    if result is None or (left and result.status is not GateStatus.FAIL):
        result = worst(left)
    until = min(f.content.at for f in looked_at) + rule.expires
    return replace(
        result,
        reason="; ".join((result.reason, *supply.aside)),
        evidence=tuple(_reference(filed) for filed in looked_at),
        until=until if result.status is GateStatus.PASS else result.until,
    )


def _kind(facts: type[object]) -> EvidenceKind:
    return next(kind for kind, each in FACTS.items() if each is facts)


def latest(filed: tuple[Filed, ...]) -> tuple[Filed, ...]:
    """The newest piece alone, by its own time; of several of one time, the last filed."""
    return (max(enumerate(filed), key=lambda one: (one[1].content.at, one[0]))[1],) if filed else ()


def age_of(at: datetime, rule: GateRule, now: datetime) -> str | None:
    """Why something of this time does not hold any more, or None: "9 days old (limit 7)"."""
    age = now - at
    return None if age < rule.expires else words.older(age, rule.expires)


def _allowed(rule: GateRule, filed: Filed) -> bool:
    """The name of a CI job is only taken from CI, or from whoever owns the desk."""
    if not rule.suppliers:
        return True
    paper = filed.paper
    names = {paper.actor}
    names.update(role.value for role in paper.roles)
    names.update(role.words for role in paper.roles)
    if {Role.CI, Role.OWNER} & set(paper.roles) and filed.content.job:
        names.add(filed.content.job)
    return bool({name.casefold() for name in names} & {s.casefold() for s in rule.suppliers})


def _left_aside(filed: tuple[Filed, ...], why: str) -> str:
    if not filed:
        return ""
    by = ", ".join(dict.fromkeys(each.paper.actor for each in filed))
    verb = "is" if len(filed) == 1 else "are"
    return f"{words.count(len(filed), 'report')} by {by} {verb} left aside: {why}"


def _elsewhere(dossier: Dossier, kind: EvidenceKind) -> str:
    """The last other commit that there is such evidence of."""
    of_others = [
        paper.commit
        for paper in dossier.papers
        if isinstance(paper.content, FiledEvidence)
        and paper.content.evidence.kind is kind
        and paper.commit not in {None, dossier.commit}
    ]
    if not of_others:
        return ""
    return f"is of commit {words.short(str(of_others[-1]))}, not of {words.short(dossier.commit)}"


def _nothing(rule: GateRule, supply: Supply) -> GateResult:
    report = words.REPORTS[rule.kind]
    if supply.moved:
        status, reason = GateStatus.STALE, f"{report} {supply.moved}"
    else:
        status, reason = GateStatus.MISSING, f"no {report} counts for this commit"
        if not supply.aside:
            reason = f"there is no {report} of this commit"
    return answer(rule, status, "; ".join((reason, *supply.aside)))


def _trouble(rule: GateRule, case: Case, filed: Filed, of: int) -> GateResult | None:
    """Why one piece of evidence does not hold now, or None when it does."""
    evidence, at = filed.content.evidence, filed.content.at
    subject = words.REPORTS[rule.kind] if of == 1 else evidence.name
    commit = case.dossier.commit
    if evidence.commit is not None and not names_commit(evidence.commit, commit):
        named, own = words.short(evidence.commit), words.short(commit)
        return answer(rule, GateStatus.STALE, f"{subject} is of commit {named}, not of {own}")
    if at > case.now + AHEAD:
        reason = f"{subject} is from the future: it says {words.moment(at)}"
        return answer(rule, GateStatus.INCONCLUSIVE, reason)
    if (old := age_of(at, rule, case.now)) is not None:
        days = timedelta(days=1)
        return answer(
            rule,
            GateStatus.STALE,
            f"{subject} is {old}",
            number=(case.now - at) / days,
            limit=rule.expires / days,
            unit=AGE_UNIT,
        )
    return None


def _without_outlived(
    chosen: tuple[Filed, ...], troubles: Mapping[str, GateResult | None]
) -> tuple[Filed, ...]:
    """What is looked at once a fresh report of the service stands in for its old ones."""

    def of_service(filed: Filed, status: GateStatus | None) -> bool:
        trouble = troubles[filed.paper.id]
        return filed.paper.commit is None and (trouble.status if trouble else None) is status

    if not any(of_service(filed, None) for filed in chosen):
        return chosen
    return tuple(filed for filed in chosen if not of_service(filed, GateStatus.STALE))


def _reference(filed: Filed) -> EvidenceReference:
    evidence, paper = filed.content.evidence, filed.paper
    return EvidenceReference(evidence.name, evidence.digest, filed.content.at, supplier(paper))


def supplier(paper: Paper) -> str:
    """Who supplied evidence, with the CI job where one is named."""
    job = paper.content.job if isinstance(paper.content, FiledEvidence) else ""
    return f"{paper.actor} ({job})" if job else paper.actor
