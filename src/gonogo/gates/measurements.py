"""Gates over named numbers: KPIs, what is left of the error budget, open incidents.

Of several reports with a measurement of one name the newest counts for it.
"""

from collections.abc import Iterable
from math import isfinite

from gonogo.domain.dossier import Filed
from gonogo.domain.facts import Measurement, MeasurementFacts
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import (
    ERROR_BUDGET,
    OPEN_INCIDENTS,
    Bound,
    ErrorBudgetRule,
    GateRule,
    IncidentsRule,
    KpisRule,
)
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.supply import Pick, on_evidence

S = GateStatus
Found = tuple[MeasurementFacts, ...]


def kpis(rule: KpisRule, case: Case) -> GateResult:
    """Whether every measurement that is named keeps to its bounds."""
    if not rule.bounds:
        return answer(rule, S.INCONCLUSIVE, "the rule names no measurement to hold to a bound")
    names = [bound.measurement for bound in rule.bounds]
    return on_evidence(rule, case, MeasurementFacts, _kpis, _newest_of(names))


def _kpis(rule: KpisRule, facts: Found) -> GateResult:
    results = tuple(_bounded(rule, bound, facts) for bound in rule.bounds)
    result = worst(results)
    if len(results) == 1:
        return result
    alike = [one.reason for one in results if one.status is result.status]
    return answer(
        rule,
        result.status,
        words.some(alike),
        number=result.number,
        limit=result.limit,
        unit=result.unit,
    )


def _bounded(rule: KpisRule, bound: Bound, facts: Found) -> GateResult:
    found = _named(bound.measurement, facts)
    if not found:
        return answer(rule, S.MISSING, f"{bound.measurement} was not measured")
    if bound.at_most is None and bound.at_least is None:
        reason = f"the rule says no bound for {bound.measurement}"
        return answer(rule, S.INCONCLUSIVE, reason)
    return worst(tuple(_kept(rule, bound, one) for one in found))


def _kept(rule: KpisRule, bound: Bound, one: Measurement) -> GateResult:
    if one.unit != bound.unit:
        measured, asked = one.unit or "no unit", bound.unit or "no unit"
        reason = f"{one.name} was measured in {measured}, the bound is in {asked}"
        return answer(rule, S.INCONCLUSIVE, reason)
    if not isfinite(one.value):
        return answer(rule, S.INCONCLUSIVE, f"{one.name} is not a number")
    value = _with_unit(one.value, one.unit)
    for limit, kept, how in (
        (bound.at_most, bound.at_most is None or one.value <= bound.at_most, "at most"),
        (bound.at_least, bound.at_least is None or one.value >= bound.at_least, "at least"),
    ):
        if limit is not None and not kept:
            reason = f"{one.name} is {value} ({how} {_with_unit(limit, bound.unit)})"
            return answer(rule, S.FAIL, reason, number=one.value, limit=limit, unit=bound.unit)
    limit = bound.at_least if bound.at_most is None else bound.at_most
    reason = f"{one.name} is {value}"
    return answer(rule, S.PASS, reason, number=one.value, limit=limit, unit=bound.unit)


def error_budget(rule: ErrorBudgetRule, case: Case) -> GateResult:
    """Whether enough of the error budget is left to risk a release."""
    return on_evidence(rule, case, MeasurementFacts, _error_budget, _newest_of([ERROR_BUDGET]))


def _error_budget(rule: ErrorBudgetRule, facts: Found) -> GateResult:
    found = _named(ERROR_BUDGET, facts)
    return worst(tuple(_budget(rule, one) for one in found)) if found else _unmeasured(rule)


def _budget(rule: ErrorBudgetRule, one: Measurement) -> GateResult:
    scale = {"%": 100.0, "percent": 100.0, "share": 1.0, "": 1.0}.get(one.unit.casefold())
    if scale is None or not isfinite(one.value):
        value = _with_unit(one.value, one.unit) if isfinite(one.value) else "not a number"
        reason = f"{one.name} is {value}, neither a share nor %"
        return answer(rule, S.INCONCLUSIVE, reason)
    left = one.value / scale
    if left > 1:
        reason = f"{one.name} is {words.plain(left * 100)} %, more than all of it"
        return answer(rule, S.INCONCLUSIVE, reason)
    reason = (
        f"{words.share(left)} of the error budget is left (at least {words.share(rule.at_least)})"
    )
    status = S.PASS if left >= rule.at_least else S.FAIL
    return answer(rule, status, reason, number=left, limit=rule.at_least, unit="share")


def incidents(rule: IncidentsRule, case: Case) -> GateResult:
    """Whether no more incidents are open than are allowed."""
    return on_evidence(rule, case, MeasurementFacts, _incidents, _newest_of([OPEN_INCIDENTS]))


def _incidents(rule: IncidentsRule, facts: Found) -> GateResult:
    found = _named(OPEN_INCIDENTS, facts)
    if not found:
        return _unmeasured(rule)
    return worst(tuple(_open(rule, one) for one in found))


def _open(rule: IncidentsRule, one: Measurement) -> GateResult:
    if not isfinite(one.value) or one.value < 0:
        return answer(rule, S.INCONCLUSIVE, f"{one.name} is {one.value}, which is no count")
    verb = "is" if one.value == 1 else "are"
    reason = f"{words.count(one.value, 'incident')} {verb} open (at most {rule.at_most})"
    status = S.PASS if one.value <= rule.at_most else S.FAIL
    return answer(rule, status, reason, number=one.value, limit=rule.at_most, unit="incidents")


def _unmeasured(rule: GateRule) -> GateResult:
    return answer(rule, S.MISSING, f"there is no {words.REPORTS[rule.kind]}")


def _newest_of(names: Iterable[str]) -> Pick:
    """Picks, for each name, the newest report that measured it; older ones stand before newer ones."""
    wanted = frozenset(names)

    def pick(filed: tuple[Filed, ...]) -> tuple[Filed, ...]:
        ordered = sorted(filed, key=lambda one: one.content.at)
        newest = {name: one.paper.id for one in ordered for name in _names(one) & wanted}
        return tuple(one for one in ordered if one.paper.id in newest.values()) or filed

    return pick


def _names(filed: Filed) -> frozenset[str]:
    facts = filed.content.evidence.facts
    if not isinstance(facts, MeasurementFacts):
        return frozenset()
    return frozenset(one.name for one in facts.measurements)


def _named(name: str, facts: Found) -> tuple[Measurement, ...]:
    """The measurements of one name in the newest report that has it; the newest stands last."""
    for each in reversed(facts):
        if found := tuple(one for one in each.measurements if one.name == name):
            return found
    return ()


def _with_unit(value: float, unit: str) -> str:
    return f"{words.plain(value)} {unit}".strip()
