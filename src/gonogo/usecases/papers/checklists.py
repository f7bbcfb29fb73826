"""Ticking checklists, and how far they are.

A checklist that comes round belongs to the service: its ticks fall due again. Any other belongs to each
version, so a tick on one commit says nothing of the next.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Actor
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.domain.paper import Paper, Tick
from gonogo.domain.plan import Checklist, ChecklistItem, Plan
from gonogo.gates.checklists import Line, lines
from gonogo.usecases.context import Context
from gonogo.usecases.papers.filing import file_paper, paper_of, spoken
from gonogo.usecases.papers.versions import find_version
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of


@dataclass(frozen=True, slots=True)
class ItemState:
    """One line as it stands: `due` is when its tick falls due again, `lapsed` that it has."""

    item: ChecklistItem
    done: bool
    paper: Paper | None = None
    evidence: str = ""
    due: datetime | None = None
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one checklist, or one component of it, is."""

    name: str
    done: int
    total: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return self.done == self.total


@dataclass(frozen=True, slots=True)
class ChecklistState:
    """A checklist with the state of every line."""

    checklist: Checklist
    items: tuple[ItemState, ...]

    @property
    def progress(self) -> Progress:
        """Over all of it."""
        return _progress(self.checklist.name, self.items)

    @property
    def components(self) -> tuple[Progress, ...]:
        """By component, in the order in which they come; lines without one are not in it."""
        names = dict.fromkeys(each.item.component for each in self.items if each.item.component)
        return tuple(
            _progress(name, [each for each in self.items if each.item.component == name])
            for name in names
        )


def _progress(name: str, items: Iterable[ItemState]) -> Progress:
    states = list(items)
    return Progress(name, sum(each.done for each in states), len(states))


def states(plan: Plan, dossier: Dossier, now: datetime) -> tuple[ChecklistState, ...]:
    """Every checklist of the plan, as the gate counts its ticks."""
    return tuple(
        ChecklistState(each, tuple(_state(line) for line in lines(each, dossier, now)))
        for each in plan.checklists
    )


def _state(line: Line) -> ItemState:
    paper = line.tick
    evidence = paper.content.evidence if paper and isinstance(paper.content, Tick) else ""
    return ItemState(line.item, line.done, paper, evidence, line.due, line.overdue)


async def look_at(
    context: Context, actor: Actor, *, service: str, version: str | None = None
) -> tuple[ChecklistState, ...]:
    """Every checklist as it stands; without a version only those of the service as a whole."""
    allow(actor, Deed.LOOK)
    now = context.clock.now()
    if version is not None:
        candidate = await find_version(context, service, version)
        return states(candidate.plan, candidate.dossier, now)
    plan = (await registration_of(context, service)).plan
    papers = await context.store.papers(service)
    found = states(plan, Dossier(service, "", "", papers), now)
    return tuple(state for state in found if state.checklist.every is not None)


async def tick(
    context: Context,
    actor: Actor,
    *,
    service: str,
    version: str | None,
    checklist: str,
    item: str,
    done: bool = True,
    evidence: str = "",
) -> Paper:
    """Tick one line, or take a tick back. One of a recurring checklist is filed for the service.

    Raises NotFound naming the nearest line, NotAllowed for a line of other roles, InvalidInput when
    a line asks for what shows that it is done.
    """
    allow(actor, Deed.TICK)
    registration = await registration_of(context, service)
    found = find_checklist(registration.plan, checklist)
    line = find_item(found, item)
    evidence = _shown(actor, line, evidence, done)
    commit = await _commit(context, service, version, found)
    content = Tick(found.name, line.name, done, evidence if done else "")
    papers = await context.store.papers(service, commit)
    if not done:
        _ticked(found, line, Dossier(service, version or "", commit or "", papers), context)
    paper = paper_of(context, actor, service, commit, content)
    named = {} if commit is None else {"version": version}
    data = {
        **named,
        "checklist": found.name,
        "item": line.name,
        "done": done,
        "evidence": content.evidence,
    }
    return await file_paper(context, paper, "tick" if done else "untick", data)


def _shown(actor: Actor, line: ChecklistItem, evidence: str, done: bool) -> str:
    """What shows that it is done. Raises NotAllowed for a line of other roles, InvalidInput without."""
    if line.roles and not actor.roles & set(line.roles):
        names = ", ".join(role.words for role in line.roles)
        raise NotAllowed(
            f'"{line.name}" is ticked by: {names}; {actor.name} has none of these roles'
        )
    evidence = spoken(evidence, "the evidence", least=0)
    if done and line.evidence and not evidence:
        raise InvalidInput(
            f'"{line.name}" asks for what shows that it is done', hint='add --evidence "…"'
        )
    return evidence


async def _commit(
    context: Context, service: str, version: str | None, checklist: Checklist
) -> str | None:
    if checklist.every is not None:
        return None
    if version is None:
        raise InvalidInput(
            f'the checklist "{checklist.name}" belongs to each version; name one',
            hint=f'gonogo checklist tick {service} VERSION "{checklist.name}" ITEM',
        )
    return (await find_version(context, service, version)).commit


def _ticked(checklist: Checklist, item: ChecklistItem, dossier: Dossier, context: Context) -> None:
    for line in lines(checklist, dossier, context.clock.now()):
        if line.item == item and line.tick is None:
            raise Conflict(f'"{item.name}" is not ticked')


def find_checklist(plan: Plan, name: str) -> Checklist:
    """The checklist of this name. Raises NotFound naming the nearest."""
    known = {each.name.lower(): each for each in plan.checklists}
    if name.strip().lower() in known:
        return known[name.strip().lower()]
    raise _unknown(plan.service, "checklist", name, [each.name for each in plan.checklists])


def find_item(checklist: Checklist, name: str) -> ChecklistItem:
    """The line of this name. Raises NotFound naming the nearest."""
    known = {each.name.lower(): each for each in checklist.items}
    if name.strip().lower() in known:
        return known[name.strip().lower()]
    names = [each.name for each in checklist.items]
    raise _unknown(f'the checklist "{checklist.name}"', "line", name, names)


def _unknown(where: str, what: str, name: str, names: list[str]) -> NotFound:
    lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.strip().lower()[:80], lower, n=1, cutoff=0.5)
    guess = f'; did you mean "{lower[near[0]]}"?' if near else ""
    known = ", ".join(f'"{each}"' for each in names) or "none"
    return NotFound(f'{where} has no {what} "{name[:80]}" (it has: {known}){guess}')
