"""What of the papers of a version holds now, by the gates' own measure."""

from dataclasses import replace
from datetime import datetime

from gonogo.domain.dossier import Dossier, newest
from gonogo.domain.gate import GateMode
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import Handoff
from gonogo.domain.plan import Plan, RollbackCriterion
from gonogo.gates.sign_offs import Standing, standing


def sign_offs_rule(plan: Plan) -> SignOffsRule | None:
    """The rule about sign-offs that is on, or None."""
    for rule in plan.gates:
        if isinstance(rule, SignOffsRule) and rule.mode is not GateMode.OFF:
            return rule
    return None


def standing_sign_offs(
    plan: Plan, dossier: Dossier, now: datetime, *, whoever_wrote: bool = False
) -> tuple[Standing, ...]:
    """Every sign-off of this commit, in order, with None or why it does not count.

    With `whoever_wrote` nobody's is void for having written part of the change.
    """
    rule = sign_offs_rule(plan) or SignOffsRule(author_may_sign=True)
    if whoever_wrote:
        rule = replace(rule, author_may_sign=True)
    return tuple(one for one in standing(dossier, rule, now) if one.paper.commit == dossier.commit)


def standing_criteria(plan: Plan, dossier: Dossier, now: datetime) -> tuple[RollbackCriterion, ...]:
    """What sign-offs that count promise and the newest handoff proposes, each name once.

    A proposal that nobody has signed yet has no signer.
    """
    handoff = newest(dossier, Handoff)
    found = {
        each.name: replace(each, signer="") for each in (handoff[1].criteria if handoff else ())
    }
    for one in reversed(standing_sign_offs(plan, dossier, now)):
        if one.void is None:
            found |= {each.name: each for each in one.sign_off.criteria}
    return tuple(found.values())
