"""Rollback criteria that people sign: read from a file, said in words, and checked against the plan."""

from dataclasses import replace

from gonogo.domain.actor import Actor
from gonogo.domain.errors import Conflict, InvalidInput
from gonogo.domain.plan import Plan, RollbackCriterion


def read_criteria(text: str, path: str) -> tuple[RollbackCriterion, ...]:
    """The criteria of a file. Raises InvalidInput with file, line and column."""
    from gonogo.spec.handoff import read_criteria

    return read_criteria(text, path)


def criterion_words(criterion: RollbackCriterion) -> str:
    """What a criterion says, in words."""
    from gonogo.spec.handoff import say_criterion

    return say_criterion(criterion)


def proposed(criteria: tuple[RollbackCriterion, ...], plan: Plan) -> tuple[RollbackCriterion, ...]:
    """Criteria that nobody has signed yet. Raises InvalidInput for a name that the plan judges by."""
    judged = {kpi.name for kpi in plan.kpis}
    judged |= {each.name for each in plan.rollback_criteria}
    for criterion in criteria:
        if criterion.name in judged:
            raise InvalidInput(
                f'the rollback criterion "{criterion.name}" has the name of a KPI or criterion of'
                " the spec; choose another"
            )
    return criteria


def signed(
    criteria: tuple[RollbackCriterion, ...],
    actor: Actor,
    plan: Plan,
    others: tuple[RollbackCriterion, ...],
) -> tuple[RollbackCriterion, ...]:
    """The criteria with their signer; `others` are those that stand or are proposed.

    Raises InvalidInput as `proposed` does, Conflict for one that has another content where somebody
    signed it, or in the handoff.
    """
    known = {each.name: each for each in others}
    for criterion in proposed(criteria, plan):
        other = known.get(criterion.name)
        if other is not None and replace(other, signer="") != replace(criterion, signer=""):
            raise Conflict(
                f"{other.signer or 'the handoff'} has another rollback criterion"
                f' "{criterion.name}": {criterion_words(other)}',
                hint="choose another name",
            )
    return tuple(replace(criterion, signer=actor.name) for criterion in criteria)
