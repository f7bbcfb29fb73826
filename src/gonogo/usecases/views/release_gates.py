"""The gates of a release as its page lists them: what blocks first, what passed folded away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Role
from gonogo.domain.gate import (
    Decision,
    EvidenceReference,
    GateKind,
    GateMode,
    GateResult,
    GateStatus,
)
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.plan import Plan
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.usecases.releases.decisions import OPEN, blocking, gate_name


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate. `who` may change its answer by bringing something, `waivers` may let it pass.

    `rule` is what it asks for; None where the plan has no such rule any more. `blocks` says that it
    keeps the answer from being Go.
    """

    result: GateResult
    name: str
    rule: GateRule | None
    who: tuple[str, ...]
    waivers: tuple[str, ...]
    blocks: bool

    @property
    def anchor(self) -> str:
        """Where it stands on the page, for links."""
        return f"gate-{self.result.kind.value.replace('_', '-')}"

    @property
    def open(self) -> bool:
        """Whether something is to be done about it."""
        return self.result.status in OPEN


@dataclass(frozen=True, slots=True)
class GateList:
    """The gates of one decision: those that block, those that a reader must see, and the rest."""

    decision: Decision
    blocking: tuple[GateLine, ...]
    waived: tuple[GateLine, ...]
    noted: tuple[GateLine, ...]
    passed: tuple[GateLine, ...]
    required: int

    @property
    def first(self) -> GateLine | None:
        """The gate that is named in the headline: one that refuses before one that waits."""
        return self.blocking[0] if self.blocking else None


def gate_list(decision: Decision, plan: Plan) -> GateList:
    """The gates of a decision in the order in which they are shown."""
    rules = {rule.kind: rule for rule in plan.gates}
    stop = {result.kind for result in _stopping(decision)}
    lines = [_line(result, rules, blocks=result.kind in stop) for result in decision.results]
    return GateList(
        decision=decision,
        blocking=_worst_first(line for line in lines if line.blocks),
        waived=tuple(line for line in lines if line.result.status is GateStatus.WAIVED),
        noted=_worst_first(line for line in lines if line.open and not line.blocks),
        passed=tuple(
            line
            for line in lines
            if not line.open and not line.blocks and line.result.status is not GateStatus.WAIVED
        ),
        required=sum(result.mode is GateMode.REQUIRED for result in decision.results),
    )


def _stopping(decision: Decision) -> tuple[GateResult, ...]:
    """What blocks now; what is due only before production waits while anything does."""
    found = blocking(decision)
    return tuple(result for result in found if not result.later) or found


def _worst_first(lines: Iterable[GateLine]) -> tuple[GateLine, ...]:
    order = tuple(GateStatus)
    return tuple(sorted(lines, key=lambda line: order.index(line.result.status)))


def _line(result: GateResult, rules: dict[GateKind, GateRule], *, blocks: bool) -> GateLine:
    rule = rules.get(result.kind)
    return GateLine(
        result=result,
        name=gate_name(result),
        rule=rule,
        who=result.asks or ((result.owner,) if result.owner else ()),
        waivers=_waivers() if blocks else (),
        blocks=blocks,
    )


def _waivers() -> tuple[str, ...]:
    return tuple(role.words for role in Role if role in PERMISSIONS[Deed.WAIVE])


def age(evidence: EvidenceReference, at: datetime) -> float:
    """How old a piece of evidence was at a moment, in seconds; never less than 0."""
    return max(0.0, (at - evidence.at).total_seconds())
