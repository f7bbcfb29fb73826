"""A version's handoff as a page: one model of sections, told as Markdown and as one HTML file.

Guarantees: both tell the same; text that came from outside cannot act in either (HTML is escaped and
its policy allows neither scripts nor any address; Markdown's signs are escaped outside release
notes); nothing outside the file is asked for.
"""

import re
from datetime import datetime, timedelta
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from gonogo.domain.gate import GateStatus
from gonogo.domain.paper import Concern
from gonogo.usecases.papers.checklists import ChecklistState, ItemState
from gonogo.usecases.views.filed import Signature, WaiverRow
from gonogo.usecases.views.summary import Summary
from gonogo.web import wording
from gonogo.web.blocks import Block, Cell, Items, Prose, Section, Table
from gonogo.web.templating import allowed, beside_templates, environment

_SIGNS = {True: "✓", False: "✕", None: ""}
_STATUS_SIGNS = {
    GateStatus.PASS: "✓",
    GateStatus.FAIL: "✕",
    GateStatus.WAIVED: "≈",
    GateStatus.NOT_APPLICABLE: "–",
}


def sections(summary: Summary) -> tuple[Section, ...]:
    """The page below its title, in the order in which people read it."""
    return (
        _testing(summary),
        _changes(summary),
        _concerns("Known issues", summary.known_issues, summary),
        _concerns("Risks", summary.risks, summary),
        Section("Release notes", (Prose(summary.release_notes or "None.", written=True),)),
        _criteria(summary),
        _sign_offs(summary),
        _deployment(summary),
        *_decided(summary),
        *_waived(summary),
        *(_checklist(state, summary.at) for state in summary.checklists),
        _evidence(summary),
        _monitoring(summary),
        _outcome(summary),
    )


def headline(summary: Summary) -> tuple[Cell, ...]:
    """The facts below the title."""
    told = [Cell(f"commit {summary.commit}", code=True)]
    told.append(Cell(f"after {summary.previous}" if summary.previous else "the first version"))
    told.append(
        Cell(f"goes back to {summary.back_to}" if summary.back_to else "nothing to go back to")
    )
    if summary.handed_by and summary.handed_at:
        told.append(Cell(f"handed over by {summary.handed_by}, {_when(summary.handed_at)}"))
    else:
        told.append(Cell("not handed over yet"))
    if summary.frozen:
        told.append(Cell(f"releases are frozen by {summary.frozen}"))
    told.append(Cell(f"as of {_when(summary.at)}"))
    return tuple(told)


def _when(at: datetime) -> str:
    return f"{wording.date(at)} {wording.clock(at)[:5]} UTC"


def _time(at: datetime) -> Cell:
    return Cell(_when(at), at=at)


def _testing(summary: Summary) -> Section:
    rows = tuple(
        (Cell(row.metric), Cell(f"{row.result} {_SIGNS[row.well]}".strip()))
        for row in summary.testing
    )
    scope = (Prose(summary.scope),) if summary.scope else ()
    told = Table(("Metric", "Result"), rows) if rows else Prose("No result was filed.")
    return Section("Testing summary", (*scope, told))


def _changes(summary: Summary) -> Section:
    if summary.changes:
        return Section("Included changes", (Items(summary.changes),))
    return Section("Included changes", (Prose("None are named; see the release notes."),))


def _concerns(title: str, concerns: tuple[Concern, ...], summary: Summary) -> Section:
    if not concerns:
        said = "None." if summary.handed_by else "Not told: the version was not handed over yet."
        return Section(title, (Prose(said),))
    rows = tuple(
        (
            Cell(each.title),
            Cell(each.severity.value),
            Cell(each.mitigation or "none"),
            Cell(each.owner or "nobody"),
        )
        for each in concerns
    )
    return Section(title, (Table(("What", "Severity", "Mitigation", "Owner"), rows),))


def _criteria(summary: Summary) -> Section:
    if not summary.criteria:
        said = "None was signed; the KPIs of the spec judge the release."
        return Section("Rollback criteria", (Prose(said),))
    rows = tuple((Cell(each.name), Cell(each.said), Cell(each.signer)) for each in summary.criteria)
    return Section("Rollback criteria", (Table(("Name", "Taken back at", "Signed by"), rows),))


def _sign_offs(summary: Summary) -> Section:
    blocks: list[Block] = []
    if summary.sign_offs:
        rows = tuple(_signature(each) for each in summary.sign_offs)
        blocks.append(Table(("Role", "Who", "When", "Note"), rows))
    else:
        blocks.append(Prose("Nobody has signed."))
    if summary.still_to_sign:
        blocks.append(Prose(f"Still to sign: {', '.join(summary.still_to_sign)}."))
    return Section("Sign-offs", tuple(blocks))


def _signature(each: Signature) -> tuple[Cell, ...]:
    void = bool(each.void)
    note = f"void: {each.void}" if void else each.note
    return (
        Cell(f"{'✕' if void else '✓'} {each.role.words}", struck=void),
        Cell(each.actor, struck=void),
        _time(each.at),
        Cell(note),
    )


def _deployment(summary: Summary) -> Section:
    rows: list[tuple[str, str]] = []
    blocks: list[Block] = []
    taken = summary.takeover
    if taken is None:
        blocks.append(Prose("Operations has not acknowledged it yet."))
    else:
        content = taken.content
        starts = _when(content.starts_at) if content.starts_at else "as soon as it may"
        rows.append(("When", starts))
        if content.window is not None:
            rows.append(("Window", wording.duration(content.window)))
        if content.duration is not None:
            rows.append(("Duration", f"about {wording.duration(content.duration)}"))
        rows.append(("Downtime", _downtime(content.downtime)))
    rows.append(("Migrations", summary.migrations))
    if taken is not None:
        rows.append(("Concerns", taken.content.concerns or "none"))
        void = f"; void: {taken.void}" if taken.void else ""
        rows.append(("Acknowledged by", f"{taken.actor}, {_when(taken.at)}{void}"))
    told = tuple((Cell(name), Cell(said)) for name, said in rows)
    blocks.append(Table(("What", "How"), told))
    if taken is not None and taken.content.steps:
        blocks.append(Items(taken.content.steps))
    return Section("Deployment plan", tuple(blocks))


def _downtime(span: timedelta) -> str:
    return wording.duration(span) if span else "none expected"


def _decided(summary: Summary) -> tuple[Section, ...]:
    if not summary.gates:
        return ()
    rows = tuple(
        (
            Cell(result.kind.value.replace("_", " ")),
            Cell(f"{_STATUS_SIGNS.get(result.status, '!')} {result.status.value}"),
            Cell(result.mode.value),
            Cell(result.reason),
            Cell(result.owner),
        )
        for result in summary.gates
    )
    table = Table(("Gate", "Status", "Mode", "Why", "Owner"), rows)
    return (Section("Gates", (table,)),)


def _waived(summary: Summary) -> tuple[Section, ...]:
    if not summary.waivers:
        return ()
    rows = tuple(_waiver(each) for each in summary.waivers)
    head = ("Gate", "By", "Until", "For", "Why")
    return (Section("Waivers", (Table(head, rows),)),)


def _waiver(each: WaiverRow) -> tuple[Cell, ...]:
    void = bool(each.void)
    return (
        Cell(each.gate, struck=void),
        Cell(f"{each.actor} ({each.role.words})", struck=void),
        _time(each.until),
        Cell("the service" if each.whole_service else "this version"),
        Cell(f"{each.void}; it said: {each.reason}" if void else each.reason),
    )


def _checklist(state: ChecklistState, now: datetime) -> Section:
    progress = state.progress
    parts = [f"{each.name} {each.done} of {each.total}" for each in state.components]
    told = f"{progress.done} of {progress.total} done"
    told += f" ({', '.join(parts)})" if parts else ""
    every = state.checklist.every
    if every is not None:
        told += f"; comes round every {wording.duration(every)}"
    rows = tuple(_item(each, now) for each in state.items)
    table = Table(("", "Item", "Component", "By", "Evidence"), rows)
    return Section(f"Checklist: {state.checklist.name}", (Prose(f"{told}."), table))


def _item(state: ItemState, now: datetime) -> tuple[Cell, ...]:
    by = ""
    if state.paper is not None and (state.done or state.lapsed):
        by = f"{state.paper.actor}, {_when(state.paper.at)}"
    if state.lapsed and state.due is not None:
        by += f"; fell due {_when(state.due)}"
    elif state.due is not None and state.due > now:
        by += f"; due again {_when(state.due)}"
    return (
        Cell("☑" if state.done else "☐"),
        Cell(state.item.name),
        Cell(state.item.component),
        Cell(by),
        Cell(state.evidence),
    )


def _evidence(summary: Summary) -> Section:
    if not summary.evidence:
        return Section("Evidence", (Prose("None was filed."),))
    rows = tuple(
        (
            Cell(f"{'✕ ' if row.troubled else ''}{row.kind.value.replace('_', ' ')}"),
            Cell(row.name, code=True),
            Cell(row.said),
            Cell(row.digest[:12], code=True),
            Cell(wording.seconds(row.age_seconds), at=row.at),
            Cell(row.supplier + (f"; claims {' and '.join(row.claimed)}" if row.claimed else "")),
        )
        for row in summary.evidence
    )
    head = ("Kind", "Report", "Says", "SHA-256", "Age", "Supplied by")
    digest = Prose(f"A sign-off given now is bound to {summary.digest}.")
    return Section("Evidence", (Table(head, rows), digest))


def _monitoring(summary: Summary) -> Section:
    rows = tuple((Cell(link.name), Cell(link.where, code=True)) for link in summary.links)
    return Section("Monitoring", (Table(("What", "Where"), rows),))


def _outcome(summary: Summary) -> Section:
    outcome = summary.outcome
    if outcome is None:
        return Section("Result", (Prose("It was not released yet."),))
    if not outcome.verified:
        return Section("Result", (Items(outcome.sentences),))
    rows = tuple(
        (
            Cell(line.name),
            Cell("✓ pass" if line.passed else "✕ fail"),
            Cell("" if line.seconds is None else wording.seconds(line.seconds)),
            Cell(line.note),
        )
        for line in outcome.verified
    )
    table = Table(("Tried in production", "Result", "Took", "Note"), rows)
    by = Prose(f"Verified by {outcome.verified_by}.")
    return Section("Result", (Items(outcome.sentences), table, by))


_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~&])")


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(wording.plain(text, 4000).split()))


def markdown(summary: Summary) -> str:
    """The page as Markdown (CommonMark with tables)."""
    lines = [f"# {_escaped(summary.service)} {_escaped(summary.version)}", ""]
    if summary.decision:
        lines += [f"**{_escaped(summary.decision)}**", ""]
    lines += [f"- {_escaped(cell.text)}" for cell in headline(summary)]
    for section in sections(summary):
        lines += ["", f"## {_escaped(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    if isinstance(block, Items):
        return [f"- {_escaped(item)}" for item in block.items]
    if isinstance(block, Prose):
        if block.written:
            return wording.plain(block.text, 40_000).replace("<", "&lt;").split("\n")
        return [_escaped(block.text)]
    rows = [f"| {' | '.join(map(_cell, row))} |" for row in block.rows]
    rule = "|".join("---" for _ in block.head)
    return [f"| {' | '.join(block.head)} |", f"|{rule}|", *rows]


def _cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    return f"~~{text}~~" if cell.struck and text else text


def html(summary: Summary) -> str:
    """The page as one HTML file that needs nothing else."""
    style = (
        beside_templates("charts.css")
        + beside_templates("report.css")
        + beside_templates("handoff.css")
    )
    return (
        _templates()
        .get_template("handoff.html.j2")
        .render(
            summary=summary,
            headline=headline(summary),
            sections=sections(summary),
            style=Markup(style),  # noqa: S704 - files of this package
            policy=f"default-src 'none'; style-src {allowed(style)}; base-uri 'none';"
            " form-action 'none'",
        )
    )


@cache
def _templates() -> Environment:
    templates = environment("web/templates", longest=40_000)
    templates.globals.update(words=wording)
    return templates
