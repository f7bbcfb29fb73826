"""A release: the answer first, then what it rests on, then what can be said to it.

What every visitor sees alike is in regions, which are pushed; what only one may do stands beside them.
A form that cannot be followed comes back with its text and the reason, and nothing else is changed.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from gonogo.domain.errors import InvalidInput
from gonogo.domain.release import InstructionKind, Release, Stage, VerifiedLine
from gonogo.language.formats import latin
from gonogo.usecases.bundling.build import build_bundle, bundle_name
from gonogo.usecases.context import Context
from gonogo.usecases.gates import waivers
from gonogo.usecases.permissions import Deed, may
from gonogo.usecases.releases import verification
from gonogo.usecases.releases.lifecycle import find_release, tell_story
from gonogo.usecases.views import release_page as view
from gonogo.usecases.views.kept_looks import series_of, watched_story
from gonogo.usecases.views.release_actions import TYPED
from gonogo.usecases.views.release_gates import gate_list
from gonogo.usecases.views.release_rollout import rollout
from gonogo.web import chronicle
from gonogo.web.desk.forms import Form, Refusal, Submission
from gonogo.web.desk.gate_rules import rule_sentences
from gonogo.web.desk.region import Region, Stored, add_region
from gonogo.web.desk.site import HEADERS, Site
from gonogo.web.desk.visitor import Visitor
from gonogo.web.report import render

MOST_EVENTS = 200
REPORT_POLICY = "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
"""Beside the one in the report itself, which names the digests of its only script and style."""
_MARKED = {chronicle.Kind.STAGE, chronicle.Kind.PERSON, chronicle.Kind.JUDGE}


def _of(stored: Stored, argument: str) -> bool:
    return stored.release in {None, argument}


def _of_service(stored: Stored, argument: str) -> bool:
    """Papers are filed for a service; when a release ends, it shows those of then."""
    return stored.sequence > 0 and stored.release in {None, argument}


def _recorded(stored: Stored, argument: str) -> bool:
    """A look of the judge has no audit entry and changes nothing of this."""
    return (stored.sequence > 0 or stored.service is None) and _of(stored, argument)


async def _head(context: Context, release_id: str) -> Mapping[str, object]:
    return {"head": await view.head(context, release_id)}


async def _gates(context: Context, release_id: str) -> Mapping[str, object]:
    release, decision = await view.decided(context, release_id)
    found = None if decision is None else gate_list(decision, release.plan)
    return {
        "gates": found,
        "service": release.service,
        "version": release.version,
        "rule_sentences": rule_sentences,
    }


async def _rollout(context: Context, release_id: str) -> Mapping[str, object]:
    story = await watched_story(context, await find_release(context, release_id))
    series = await series_of(context, release_id)
    data = {**series.tail(), "marks": _marks(chronicle.events(story))}
    return {"rollout": rollout(story, series), "data": data}


def _marks(events: tuple[chronicle.Event, ...]) -> list[list[float | str]]:
    """What charts draw a vertical line for: when, what kind, and the word."""
    return [
        [round(event.at.timestamp(), 3), event.kind.value, event.what[:80]]
        for event in events
        if event.kind in _MARKED
    ][-60:]


async def _papers(context: Context, release_id: str) -> Mapping[str, object]:
    return {"summary": await view.filed(context, release_id)}


async def _timeline(context: Context, release_id: str) -> Mapping[str, object]:
    events = chronicle.events(await view.happened(context, release_id))
    return {
        "events": tuple(reversed(events[-MOST_EVENTS:])),
        "left_off": max(0, len(events) - MOST_EVENTS),
    }


async def _messages(context: Context, release_id: str) -> Mapping[str, object]:
    return {"deliveries": tuple(reversed(await view.told(context, release_id)))}


HEAD = add_region(Region("release", "release_head.html.j2", _head, _of))
GATES = add_region(Region("release-gates", "release_gates.html.j2", _gates, _recorded))
ROLLOUT = add_region(Region("release-rollout", "release_rollout.html.j2", _rollout, _of))
PAPERS = add_region(Region("release-papers", "release_papers.html.j2", _papers, _of_service))
TIMELINE = add_region(Region("release-timeline", "release_timeline.html.j2", _timeline, _recorded))
MESSAGES = add_region(
    # A message is sent after what it tells of was stored, and nobody tells of the sending.
    Region("release-messages", "release_messages.html.j2", _messages, _recorded, every=2.0)
)


def add(application: FastAPI, site: Site) -> None:
    """Add the page, what its forms are sent to, and the documents of a release."""
    visiting = Depends(site.visitor)
    context = site.context

    @application.get("/releases/{reference}", include_in_schema=False)
    async def page(
        request: Request,
        reference: str,
        receipt: int | None = Query(None, ge=1, le=1 << 53),
        visitor: Visitor = visiting,
    ) -> Response:
        release = await find_release(context, reference)
        if release.id != reference:
            return RedirectResponse(f"/releases/{release.id}", status_code=302)
        return await _shown(site, request, visitor, release, receipt=receipt)

    _words(application, site)
    _holding(application, site)
    _documents(application, site)


def _words(application: FastAPI, site: Site) -> None:
    visiting = Depends(site.visitor)
    context = site.context

    @application.post("/releases/{reference}/words", include_in_schema=False)
    async def word(request: Request, reference: str, visitor: Visitor = visiting) -> Response:
        release = await find_release(context, reference)
        submission = await Submission.read(context, request, visitor)
        kind = _kind(submission.form)

        async def receipt(_: None) -> str:
            seen = submission.form.number("seen") or 0
            number = await view.last_word(
                context, visitor.actor, release.id, "person:release:", seen
            )
            return f"/releases/{release.id}?receipt={number}#actions"

        return await submission.follow(
            kind.value,
            _tell(submission, release, kind),
            onward=receipt,
            again=partial(_shown, site, request, visitor, release),
        )


def _holding(application: FastAPI, site: Site) -> None:
    """What holds a release back, or lets it go on: a freeze, and a waiver."""
    visiting = Depends(site.visitor)

    def takes(path: str, name: str, deed: Callable[[Submission, Release], Awaitable[None]]) -> None:
        @application.post("/releases/{reference}/" + path, include_in_schema=False)
        async def post(request: Request, reference: str, visitor: Visitor = visiting) -> Response:
            release = await find_release(site.context, reference)
            submission = await Submission.read(site.context, request, visitor)
            return await submission.follow(
                name,
                deed(submission, release),
                onward=f"/releases/{release.id}#actions",
                again=partial(_shown, site, request, visitor, release),
            )

    takes("freeze", "freeze", _freeze)
    takes("waivers", "waive", _waive)


async def _freeze(submission: Submission, release: Release) -> None:
    form = submission.form
    await waivers.freeze(
        submission.context,
        submission.actor,
        service=release.service,
        on=form.text("on") == "yes",
        reason=form.text("reason"),
        until=latin(form.text("until")) or None,
    )


async def _waive(submission: Submission, release: Release) -> None:
    form = submission.form
    await waivers.waive(
        submission.context,
        submission.actor,
        service=release.service,
        version=release.version,
        gate=form.text("gate"),
        role=form.role("role", "choose the role that you speak as"),
        reason=form.text("reason"),
        until=latin(form.text("until")),
    )


def _documents(application: FastAPI, site: Site) -> None:
    visiting = Depends(site.visitor)
    context = site.context

    @application.get("/releases/{reference}/series", include_in_schema=False)
    async def series(reference: str, visitor: Visitor = visiting) -> JSONResponse:
        release = await find_release(context, reference)
        story = await watched_story(context, release)
        found = await series_of(context, release.id)
        data = {**found.whole(), "marks": _marks(chronicle.events(story))}
        return JSONResponse(data, headers={"Cache-Control": "no-store"})

    @application.get("/releases/{reference}/report", include_in_schema=False)
    async def report(reference: str, visitor: Visitor = visiting) -> HTMLResponse:
        story = await tell_story(context, await find_release(context, reference))
        headers = {**HEADERS, "Content-Security-Policy": REPORT_POLICY}
        return HTMLResponse(render(story), headers=headers)

    @application.get("/releases/{reference}/bundle", include_in_schema=False)
    async def bundle(reference: str, visitor: Visitor = visiting) -> Response:
        release = await find_release(context, reference)
        content = await build_bundle(context, release)
        kept = {**HEADERS, "Content-Disposition": f'attachment; filename="{bundle_name(release)}"'}
        return Response(content, media_type="application/jsonl", headers=kept)


async def _shown(
    site: Site,
    request: Request,
    visitor: Visitor,
    release: Release,
    refusal: Refusal | None = None,
    *,
    receipt: int | None = None,
) -> HTMLResponse:
    """The page; with a refusal it comes back with what was typed, and what is true now."""
    found = await view.release_page(site.context, visitor.actor, release.id, receipt=receipt)
    regions = {
        region.name.removeprefix("release-").replace("release", "head"): await site.region(
            visitor.reader, region.name, release.id
        )
        for region in (HEAD, GATES, ROLLOUT, PAPERS, TIMELINE, MESSAGES)
    }
    return site.with_forms(
        request,
        visitor,
        "release.html.j2",
        refusal,
        release=found.release,
        regions=regions,
        choices=found.choices,
        sequence=found.sequence,
        receipt=found.receipt,
        frozen=found.frozen,
        waivable=found.waivable,
        waiver_roles=found.waiver_roles,
        awaited=found.awaited,
        may_freeze=may(visitor.actor, Deed.FREEZE),
        gates_first=found.release.stage in {Stage.HELD, Stage.NO_GO, Stage.CHECKING},
    )


def _kind(form: Form) -> InstructionKind:
    kind = form.text("kind")
    if kind not in set(InstructionKind):
        raise InvalidInput(f'"{kind[:40]}" is nothing that a release can be told')
    return InstructionKind(kind)


async def _tell(submission: Submission, release: Release, kind: InstructionKind) -> None:
    form = submission.form
    if kind in TYPED and latin(form.text("typed")) != latin(release.version):
        raise InvalidInput(
            f'the version was typed as "{form.text("typed")[:60]}"; type {release.version} to confirm'
        )
    await verification.tell(
        submission.context,
        submission.actor,
        reference=release.id,
        kind=kind,
        reason=form.text("reason"),
        lines=_lines(release, form) if kind in verification.WORDS else (),
        seen=form.number("seen"),
    )


def _lines(release: Release, form: Form) -> tuple[VerifiedLine, ...]:
    """How each line that was answered ended."""
    asked: Any = release.plan.verification
    names = () if asked is None else asked.lines
    return tuple(
        VerifiedLine(name, form.text(f"line-{place}") == "pass", note=form.text(f"note-{place}"))
        for place, name in enumerate(names)
        if form.text(f"line-{place}") in {"pass", "fail"}
    )
