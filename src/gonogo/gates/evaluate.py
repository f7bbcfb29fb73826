"""Every rule of a plan applied to what is known of a version."""

from dataclasses import replace
from datetime import datetime

from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import InvalidInput
from gonogo.domain.gate import GateMode, GateMoment, GateResult, GateStatus
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.plan import Plan
from gonogo.gates.case import Case, Gate, answer
from gonogo.gates.table import GATES
from gonogo.gates.waivers import waived

CLEAR = frozenset({GateStatus.PASS, GateStatus.NOT_APPLICABLE})
"""Statuses that leave nothing to be done."""


def evaluate(
    plan: Plan, dossier: Dossier, now: datetime, moment: GateMoment
) -> tuple[GateResult, ...]:
    """One result for every rule, in the order of the plan.

    `moment` says what is about to begin: for staging, what only has to be answered before production
    is marked `later`. Raises InvalidInput for a rule that no gate knows: nothing is skipped.
    """
    case = Case(plan, dossier, now)
    return tuple(_apply(rule, case, moment) for rule in plan.gates)


def _apply(rule: GateRule, case: Case, moment: GateMoment) -> GateResult:
    gate = GATES.get(rule.kind)
    if gate is None:
        raise InvalidInput(f"no gate knows how to judge {rule.kind!r} of {case.plan.service}")
    if rule.mode is GateMode.OFF:
        because = rule.because or "no reason is given"
        return answer(rule, GateStatus.NOT_APPLICABLE, f"off: {because}")
    found = waived(gate.check(rule, case), case.dossier, case.now)
    later = rule.before is GateMoment.PRODUCTION and moment is GateMoment.STAGING
    return _completed(replace(found, later=later), rule, gate)


def _completed(result: GateResult, rule: GateRule, gate: Gate) -> GateResult:
    """With who is asked and what is to be done, where the gate itself did not say."""
    owner = rule.owner or result.owner or gate.owner
    if result.status in CLEAR:
        return replace(result, owner=owner)
    fix = result.fix or rule.fix or gate.fix
    return replace(result, owner=owner, fix=fix, asks=result.asks or (owner,))
