"""The gate over checklists that people tick."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.dossier import Dossier, holding
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import ChecklistsRule
from gonogo.domain.paper import Paper, Tick
from gonogo.domain.plan import Checklist, ChecklistItem, ChecklistTime, Plan
from gonogo.gates import words
from gonogo.gates.case import Case, answer

S = GateStatus


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a checklist and the tick that holds for it, or None.

    `due` is when a recurring one has to be ticked again, `overdue` that this time has come.
    """

    checklist: Checklist
    item: ChecklistItem
    tick: Paper | None = None
    due: datetime | None = None
    overdue: bool = False

    @property
    def done(self) -> bool:
        """Whether it is ticked, and not again due."""
        return self.tick is not None and not self.overdue


def lines(checklist: Checklist, dossier: Dossier, now: datetime) -> tuple[Line, ...]:
    """Every item with what its ticks come to.

    A tick counts from somebody who may tick the item, with evidence where the item wants it; whoever
    may file ticks at all can undo one. Ticks of a recurring checklist are those of the service.
    """
    commit = None if checklist.every is not None else dossier.commit
    ticks = [
        (paper, tick)
        for paper, tick in holding(dossier, Tick)
        if paper.commit == commit and tick.checklist == checklist.name
    ]
    found = []
    for item in checklist.items:
        own = [(paper, tick) for paper, tick in ticks if tick.item == item.name]
        paper = _standing(item, own)
        due = paper.at + checklist.every if paper and checklist.every else None
        found.append(Line(checklist, item, paper, due, due is not None and now >= due))
    return tuple(found)


def _standing(item: ChecklistItem, ticks: list[tuple[Paper, Tick]]) -> Paper | None:
    last: Paper | None = None
    for paper, tick in ticks:
        if not tick.done:
            last = None
        elif _may(item, paper) and (tick.evidence.strip() or not item.evidence):
            last = paper
    return last


def _may(item: ChecklistItem, paper: Paper) -> bool:
    return not item.roles or not set(item.roles).isdisjoint(paper.roles)


def checklists(rule: ChecklistsRule, case: Case) -> GateResult:
    """Whether every line of the checklists is ticked."""
    wanted = _wanted(rule, case.plan)
    if isinstance(wanted, str):
        return answer(rule, S.INCONCLUSIVE, wanted)
    every = [line for each in wanted for line in lines(each, case.dossier, case.now)]
    if not every:
        return answer(rule, S.INCONCLUSIVE, "no checklist has a line to tick")
    done = [line for line in every if line.done]
    opened = [line for line in every if not line.done]
    told = f"{len(done)} of {words.count(len(every), 'line')} ticked"
    if not opened:
        until = min((line.due for line in every if line.due is not None), default=None)
        return answer(
            rule, S.PASS, told, number=len(done), limit=len(every), unit="ticked", until=until
        )
    missing = [line for line in opened if not line.overdue]
    what = "open" if missing else "due again"
    named = words.some((_named(line) for line in missing or opened), "; ")
    asks = tuple(
        dict.fromkeys(role.words for line in missing or opened for role in line.item.roles)
    )
    return answer(
        rule,
        S.MISSING if missing else S.STALE,
        f"{told}, {what}: {named}",
        number=len(done),
        limit=len(every),
        unit="ticked",
        asks=asks,
    )


def _wanted(rule: ChecklistsRule, plan: Plan) -> tuple[Checklist, ...] | str:
    """The checklists that are asked for, or why that cannot be told."""
    if not rule.names:
        found = tuple(each for each in plan.checklists if each.when is ChecklistTime.BEFORE)
        return found or "the plan has no checklist for before a release"
    known = {each.name: each for each in plan.checklists}
    unknown = [name for name in rule.names if name not in known]
    if unknown:
        return f"the plan has no checklist {words.some(unknown)}"
    return tuple(known[name] for name in rule.names)


def _named(line: Line) -> str:
    roles = ", ".join(role.words for role in line.item.roles)
    proof = " with evidence" if line.item.evidence else ""
    who = f" ({roles}{proof})" if roles else f" ({proof.strip()})" if proof else ""
    return f"{line.item.name}{who}"
