"""What happened to a release, as rows that a person can read: from the audit entries and the journal.

Entries are read tolerantly: a key that is missing leaves a hole, never a guess.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeGuard

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditEntry
from gonogo.domain.journal import JournalEntry
from gonogo.domain.story import DECISIONS, OUT_OF_ROTATION, PERSON, Story, recorded_time
from gonogo.usecases.releases.decisions import DECIDED
from gonogo.web.charts import Mark, MarkKind
from gonogo.web.wording import date, seconds, share

STAGE = "desk:release:"
COMMAND = "desk:step:"
EVIDENCE = "desk:evidence:"
REHEARSAL = "desk:rehearsal:"
MISSING_NAME = "name not recorded"


class Kind(StrEnum):
    """What a row is about; the icon and the word beside it."""

    STAGE = "stage"
    PERSON = "person"
    GATES = "gates"
    JUDGE = "judge"
    TRAFFIC = "traffic"
    STEP = "step"
    OTHER = "other"


ICONS = {
    Kind.STAGE: "◆",
    Kind.PERSON: "●",
    Kind.GATES: "▣",
    Kind.JUDGE: "▲",
    Kind.TRAFFIC: "⇄",
    Kind.STEP: "▸",
    Kind.OTHER: "·",
}

_MARKED = {
    Kind.STAGE: MarkKind.STAGE,
    Kind.PERSON: MarkKind.PERSON,
    Kind.JUDGE: MarkKind.JUDGE,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One audit entry, told. `at` is when it happened, or when it was stored where that is not known."""

    number: int
    at: datetime
    kind: Kind
    who: str
    what: str
    reason: str
    entry: AuditEntry

    @property
    def icon(self) -> str:
        """A sign for its kind."""
        return ICONS[self.kind]

    @property
    def day(self) -> str:
        """The day it happened on, UTC."""
        return date(self.at)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A command that was run. `state` is done, failed, unknown or started; None: not recorded."""

    name: str
    state: str
    at: datetime
    seconds: float | None
    output: str


@dataclass(frozen=True, slots=True)
class SmokeRow:
    """One smoke test's result; `after` is the stage that the release entered with it."""

    after: str
    name: str
    passed: bool | None
    seconds: float | None
    detail: str


def events(story: Story) -> tuple[Event, ...]:
    """Every audit entry of the release, told, numbered from 1 in the order of the chain."""
    return tuple(_event(number, entry) for number, entry in enumerate(story.audit, 1))


def _event(number: int, entry: AuditEntry) -> Event:
    kind, what = _told(entry)
    at = recorded_time(entry) or entry.at
    said = (text_of(entry.data, key) for key in ("reason", "sentence", "detail"))
    reason = next(filter(None, said), "")
    return Event(number, at, kind, entry.actor, what, reason, entry)


def _told(entry: AuditEntry) -> tuple[Kind, str]:
    action, data = entry.action, entry.data
    if action in DECISIONS:
        return Kind.JUDGE, f"the judge said fail{_of_kpi(data)}"
    if action == OUT_OF_ROTATION:
        return Kind.TRAFFIC, f"canary confirmed out of rotation{_slots(data)}"
    for prefix, (kind, tell) in _TELLERS.items():
        if action.startswith(prefix):
            return kind, tell(action.removeprefix(prefix), data)
    return Kind.OTHER, _action(action, data)


def _waits_for_word(name: str, data: Mapping[str, Any]) -> str:
    if name != "asked":
        return "went on without a confirmation" if name == "accepted" else f"verification {name}"
    known = {role.value: role.words for role in Role}
    found = data.get("roles")
    roles = [known.get(str(role), str(role)) for role in (found if _listed(found) else ())]
    asked = f"asked to try it ({', '.join(roles)})" if roles else "somebody is asked to try it"
    return asked + _after_colon(data.get("lines"))


def _word_of_person(name: str, data: Mapping[str, Any]) -> str:
    lines = data.get("lines")
    tried = [line for line in (lines if _listed(lines) else ()) if isinstance(line, Mapping)]
    failed = [text_of(line, "name") for line in tried if line.get("passed") is not True]
    if failed:
        return f"{name}{', but failed' * (name == 'confirmed')}{_after_colon(failed)}"
    return name + _after_colon([text_of(line, "name") for line in tried])


def _after_colon(names: object) -> str:
    told = ", ".join(str(each) for each in (names if _listed(names) else ()))
    return f": {told}" if told else ""


def _refused(name: str, data: Mapping[str, Any]) -> str:
    return f"{name}: {text_of(data, 'kind').replace('_', ' ') or 'a word'}"


def _settled(name: str, data: Mapping[str, Any]) -> str:
    return f"{text_of(data, 'step') or 'a step'} {name}"


_DONE_BY_A_PERSON = {
    "start": "started it",
    "pause": "paused it",
    "resume": "let it go on",
    "retry": "asked to try again",
    "abort": "aborted it",
    "roll_back": "took it back",
    "confirm": "confirmed it",
    "reject": "rejected it",
}
"""What stands after somebody's name, by the last part of the audit action."""


def _person(name: str, _: Mapping[str, Any]) -> str:
    return _DONE_BY_A_PERSON.get(name, name.replace("_", " "))


def _decision(name: str, _: Mapping[str, Any]) -> str:
    return f"the gates said {name.replace('_', '-')}"


def _command(name: str, data: Mapping[str, Any]) -> str:
    return f"{text_of(data, 'step') or 'a step'} {name}{_after(data)}"


def _evidence(name: str, data: Mapping[str, Any]) -> str:
    names = _names(data.get("evidence")) or text_of(data, "report")
    return f"evidence {name}: {names}" if names else f"evidence {name}"


def _rehearsal(name: str, data: Mapping[str, Any]) -> str:
    step = text_of(data, "step").replace("_", " ")
    if not step:
        return f"rollback rehearsal {name}"
    ended = "passed" if data.get("passed") is True else "failed"
    return f"rollback rehearsal: {step} {ended}{_after(data)}"


def _taken(name: str, data: Mapping[str, Any]) -> str:
    slot, environment = text_of(data, "slot"), text_of(data, "environment")
    version, port = text_of(data, "version"), number_of(data, "port")
    place = " ".join(each for each in ("slot", slot, "in", environment) if each)
    if name == "occupied" and port is not None:
        return f"{place} taken, port {port:.0f}"
    if name == "located":
        return f"{place}: {version} listens on {text_of(data, 'address')}"
    done = {"retiring": "is drained and stopped", "emptied": "is empty again"}.get(name, name)
    if data.get("adopted") is True and name == "retiring":
        done = "is drained"
    elif (left := text_of(data, "left_running")) and version:
        return f"{place} {done}; {version} was adopted and is left running at {left}"
    return f"{place}: {version} {done}" if version and name == "retiring" else f"{place} {done}"


def _adopt(_: str, data: Mapping[str, Any]) -> str:
    return f"adopted at {text_of(data, 'address')} in {text_of(data, 'environment')}"


def _unadopt(_: str, data: Mapping[str, Any]) -> str:
    where = text_of(data, "environment")
    return f"no longer adopted in {where}; it goes on at {text_of(data, 'address')}"


def _adopted(name: str, _: Mapping[str, Any]) -> str:
    return {"gone": "does not run any more", "back": "runs again"}.get(name, name)


def _traffic(name: str, data: Mapping[str, Any]) -> str:
    environment = text_of(data, "environment")
    where = f" in {environment}" if environment else ""
    return f"traffic {name.replace('_', ' ')}{where}{_slots({'slots': data.get('shares')})}"


def _smoke_run(name: str, data: Mapping[str, Any]) -> str:
    when, environment = text_of(data, "when"), text_of(data, "environment")
    results = data.get("smoke")
    told = [each for each in results if isinstance(each, Mapping)] if _listed(results) else []
    passed = sum(each.get("passed") is True for each in told)
    place = when or (f"in {environment}" if environment else "")
    counted = f": {passed} of {len(told)} passed" if told else ""
    return f"smoke {place} {name}{counted}".replace("  ", " ")


def _listed(found: object) -> TypeGuard[Sequence[object]]:
    return isinstance(found, list | tuple)


def _after(data: Mapping[str, Any]) -> str:
    took = number_of(data, "seconds")
    return "" if took is None else f" after {seconds(took)}"


def _names(found: object) -> str:
    listed = found if isinstance(found, list | tuple) else ()
    return ", ".join(text_of(each, "name") for each in listed if isinstance(each, Mapping))


def _of_kpi(data: Mapping[str, Any]) -> str:
    kpi = text_of(data, "kpi")
    return f": {kpi}" if kpi else ""


def _slots(data: Mapping[str, Any]) -> str:
    slots = data.get("slots")
    if not isinstance(slots, Mapping) or not slots:
        return ""
    told = (f"slot {name} {_slot(value)}" for name, value in slots.items())
    return f" ({', '.join(told)})"


def _slot(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return share(float(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _stage(name: str, data: Mapping[str, Any]) -> str:
    came, to = text_of(data, "from"), text_of(data, "to") or name
    if name == "criteria":
        return f"criteria taken over from sign-offs{_after_colon(data.get('criteria'))}"
    what = f"{came} → {to}" if came and came != to else to
    planned, step = number_of(data, "share"), number_of(data, "step")
    told = [] if step is None or step < 0 else [f"step {step + 1:.0f}"]
    told += [] if planned is None else [f"{share(planned)} of customers"]
    if what == "step" and len(told) > 1:
        what, *told = told
    return f"{what} ({', '.join(told)})".replace("_", " ") if told else what.replace("_", " ")


_TELLERS: Mapping[str, tuple[Kind, Callable[[str, Mapping[str, Any]], str]]] = {
    STAGE: (Kind.STAGE, _stage),
    PERSON: (Kind.PERSON, _person),
    "person:service:adopt": (Kind.PERSON, _adopt),
    "person:service:unadopt": (Kind.PERSON, _unadopt),
    "desk:adopted:": (Kind.OTHER, _adopted),
    DECIDED: (Kind.GATES, _decision),
    COMMAND: (Kind.STEP, _command),
    EVIDENCE: (Kind.STEP, _evidence),
    REHEARSAL: (Kind.STEP, _rehearsal),
    "desk:slot:": (Kind.OTHER, _taken),
    "desk:traffic:": (Kind.TRAFFIC, _traffic),
    "desk:smoke:": (Kind.STEP, _smoke_run),
    "desk:verification:": (Kind.STAGE, _waits_for_word),
    "desk:instruction:": (Kind.OTHER, _refused),
    "desk:rollback:": (Kind.STAGE, lambda name, _: f"rollback {name}"),
    "person:verification:": (Kind.PERSON, _word_of_person),
    "person:step:": (Kind.PERSON, _settled),
}
"""How entries are told whose action begins like this; given are the rest of it, and the data."""


def _action(action: str, data: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in data.items() if key not in {"reason", "sentence", "at"}}
    if not rest:
        return action
    return f"{action} {json.dumps(rest, ensure_ascii=False, default=str)}"


def marks(found: Sequence[Event]) -> tuple[Mark, ...]:
    """The rows that charts draw a vertical line for: stages, people, the judge."""
    return tuple(
        Mark(event.at, _MARKED[event.kind], event.number)
        for event in found
        if event.kind in _MARKED
    )


def steps(story: Story) -> tuple[StepRow, ...]:
    """Every command with the end of its output, by time; the journal fills what the chain lacks."""
    journal = {entry.step: entry for entry in story.journal}
    found = [_step(entry, journal) for entry in story.audit if entry.action.startswith(COMMAND)]
    told = {row.name for row in found}
    found += [_journalled(entry) for entry in story.journal if entry.step not in told]
    return tuple(sorted(found, key=lambda row: row.at))


def _step(entry: AuditEntry, journal: Mapping[str, JournalEntry]) -> StepRow:
    name = text_of(entry.data, "step")
    kept = journal.get(name)
    output = text_of(entry.data, "output") or ("" if kept is None else kept.output)
    state = entry.action.removeprefix(COMMAND)
    return StepRow(name or MISSING_NAME, state, entry.at, number_of(entry.data, "seconds"), output)


def _journalled(entry: JournalEntry) -> StepRow:
    took = None if entry.ended_at is None else (entry.ended_at - entry.started_at).total_seconds()
    return StepRow(entry.step, entry.state.value, entry.started_at, took, entry.output)


def smoke(story: Story) -> tuple[SmokeRow, ...]:
    """Every smoke test that was recorded with a change of stage."""
    return tuple(
        _smoke(entry, result)
        for entry in story.audit
        if entry.action.startswith(STAGE) and isinstance(entry.data.get("smoke"), list | tuple)
        for result in entry.data["smoke"]
        if isinstance(result, Mapping)
    )


def _smoke(entry: AuditEntry, result: Mapping[str, Any]) -> SmokeRow:
    passed = result.get("passed")
    came = text_of(entry.data, "from") or entry.action.removeprefix(STAGE)
    return SmokeRow(
        after=came.replace("_", " "),
        name=text_of(result, "name") or MISSING_NAME,
        passed=passed if isinstance(passed, bool) else None,
        seconds=number_of(result, "seconds"),
        detail=text_of(result, "detail"),
    )


def text_of(data: Mapping[str, Any], key: str) -> str:
    """A text from an entry's data; empty when it is missing or something else."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def number_of(data: Mapping[str, Any], key: str) -> float | None:
    """A number from an entry's data; None when it is missing or something else."""
    value = data.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
