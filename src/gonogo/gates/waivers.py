"""Waivers: a gate let pass by a named person until a date, for ever to be seen as such."""

from dataclasses import replace
from datetime import datetime

from gonogo.domain.dossier import Dossier, holding
from gonogo.domain.gate import GateKind, GateResult, GateStatus
from gonogo.domain.paper import Paper, Waiver
from gonogo.gates import words
from gonogo.gates.supply import of_this_version

CAN_BE_WAIVED = frozenset(
    {GateStatus.FAIL, GateStatus.MISSING, GateStatus.STALE, GateStatus.INCONCLUSIVE}
)


def waiver_of(dossier: Dossier, kind: GateKind, now: datetime) -> tuple[Paper, Waiver] | None:
    """The waiver of a gate that holds now, of several the one that holds longest.

    One that was taken back, has ended, is of another commit, or was filed in a role that its filer
    did not have then, does not hold.
    """
    found = [
        (paper, waiver)
        for paper, waiver in holding(of_this_version(dossier), Waiver)
        if waiver.gate is kind and now < waiver.until and waiver.role in paper.roles
    ]
    return max(found, key=lambda one: one[1].until) if found else None


def waived(result: GateResult, dossier: Dossier, now: datetime) -> GateResult:
    """The result as a waiver leaves it; what passes or is not asked needs none and stays itself."""
    if result.status not in CAN_BE_WAIVED:
        return result
    found = waiver_of(dossier, result.kind, now)
    if found is None:
        return result
    paper, waiver = found
    until = words.moment(waiver.until)
    return replace(
        result,
        status=GateStatus.WAIVED,
        reason=(
            f"waived by {paper.actor} ({waiver.role.words}) until {until}: {waiver.reason};"
            f" was: {result.reason}"
        ),
        until=waiver.until,
        passes=False,
        waived=result.status,
        waiver=paper.id,
    )
