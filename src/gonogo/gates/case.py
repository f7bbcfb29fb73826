"""What every gate is given, and the one way in which gates answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gonogo.domain.dossier import Dossier
from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Case:
    """One version held against one plan at one moment (UTC)."""

    plan: Plan
    dossier: Dossier
    now: datetime


@dataclass(frozen=True, slots=True)
class Gate:
    """One kind of gate.

    `check` is given a rule of this kind. `owner` is who is asked when the rule names nobody, `fix`
    what is to be done when the rule does not say. `kinds` are the evidence it looks at (none: filed
    papers, or what the desk knows itself). `asks` says in one line what it wants to know.
    """

    check: Callable[[Any, Case], GateResult]
    owner: str
    fix: str
    kinds: tuple[EvidenceKind, ...]
    asks: str


def answer(
    rule: GateRule,
    status: GateStatus,
    reason: str,
    *,
    number: float | None = None,
    limit: float | None = None,
    unit: str = "",
    fix: str = "",
    asks: tuple[str, ...] = (),
    until: datetime | None = None,
    passes: bool = False,
) -> GateResult:
    """The result of a rule; owner and fix that stay empty are filled in by `evaluate`."""
    return GateResult(
        kind=rule.kind,
        mode=rule.mode,
        status=status,
        reason=reason,
        number=number,
        limit=limit,
        unit=unit,
        fix=fix,
        asks=asks,
        until=until,
        passes=passes,
    )


_SEVERITY = {status: place for place, status in enumerate(GateStatus)}


def worst(results: tuple[GateResult, ...]) -> GateResult:
    """The worst of several answers to one rule, the first one where they are alike."""
    return min(results, key=lambda result: _SEVERITY[result.status])
