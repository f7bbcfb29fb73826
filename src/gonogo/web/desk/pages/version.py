"""A version on its way: its papers, and what people can do for it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, Response

from gonogo.domain.errors import InvalidInput, NotFound
from gonogo.domain.release import Release
from gonogo.language.formats import latin
from gonogo.usecases.context import Context
from gonogo.usecases.gates import sign_offs
from gonogo.usecases.papers import checklists, handoff
from gonogo.usecases.papers.handoff_draft import draft_handoff
from gonogo.usecases.permissions import Deed, allow, may
from gonogo.usecases.releases.lifecycle import start_release
from gonogo.usecases.views import version_page
from gonogo.web.desk.forms import Form, Refusal, Submission
from gonogo.web.desk.gate_rules import rule_sentences
from gonogo.web.desk.region import Region, Stored, add_region
from gonogo.web.desk.site import Site, live_region
from gonogo.web.desk.visitor import Visitor


def _argument(service: str, version: str) -> str:
    """A version as regions name it. A service's name may hold anything but what is quoted."""
    return f"{quote(service, safe='')}/{version}"


def _concerns(stored: Stored, argument: str) -> bool:
    """A look of the judge has no audit entry and changes nothing of this."""
    service = unquote(argument.partition("/")[0])
    return stored.sequence > 0 and stored.service in {None, service}


async def _read(context: Context, argument: str) -> Mapping[str, object]:
    service, _, version = argument.partition("/")
    if not service or not version:
        raise NotFound("a version is named service/version")
    try:
        found = await version_page.sight_of(context, service=unquote(service), version=version)
    except InvalidInput as error:  # what can be no version's name is no version
        raise NotFound(str(error)) from error
    return _values(found)


def _values(sight: version_page.Sight) -> Mapping[str, object]:
    """What the regions' templates know."""
    return {
        "sight": sight,
        "summary": sight.summary,
        "gates": sight.gates,
        "service": sight.summary.service,
        "version": sight.summary.version,
        "rule_sentences": rule_sentences,
    }


RESULT = add_region(Region("version-result", "version_result.html.j2", _read, _concerns))
PAPERS = add_region(Region("version-papers", "version_state.html.j2", _read, _concerns))

OF = "/services/{service}/versions/{version:path}"
Receipt = Annotated[int | None, Query(ge=1, le=1 << 53)]


@dataclass(frozen=True, slots=True)
class Named:
    """A version of a service, as an address names it."""

    service: str
    version: str

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/services/{quote(self.service, safe='')}/versions/{quote(self.version, safe='/')}"


_Deed = Callable[[Submission, Named], Awaitable[None]]


def add(application: FastAPI, site: Site) -> None:
    """Add what the page's forms are sent to, then the page: its path may end in anything, theirs too."""
    for path, (name, deed) in _DEEDS.items():
        _takes(application, site, path, name, deed)
    _starting(application, site)
    visiting = Depends(site.visitor)

    @application.get(OF, include_in_schema=False)
    async def page(
        request: Request,
        service: str,
        version: str,
        receipt: Receipt = None,
        draft: bool = False,
        visitor: Visitor = visiting,
    ) -> HTMLResponse:
        named = Named(service, version)
        return await _shown(site, request, visitor, named, receipt=receipt, draft=draft)


async def _withdraw(submission: Submission, _: Named) -> None:
    form = submission.form
    await sign_offs.withdraw(
        submission.context,
        submission.actor,
        paper_id=form.text("paper"),
        reason=form.text("reason"),
    )


async def _tick(submission: Submission, named: Named) -> None:
    form = submission.form
    await checklists.tick(
        submission.context,
        submission.actor,
        service=named.service,
        version=named.version,
        checklist=form.text("checklist"),
        item=form.text("item"),
        done=form.text("done") != "no",
        evidence=form.text("evidence"),
    )


async def _acknowledge(submission: Submission, named: Named) -> None:
    form = submission.form
    allow(submission.actor, Deed.ACKNOWLEDGE)  # before anything is read of what was typed
    schedule = handoff.schedule_of(
        submission.context.clock.now(),
        at=_zoned(form, submission.visitor),
        window=latin(form.text("window")) or None,
        duration=latin(form.text("duration")) or None,
        downtime=latin(form.text("downtime")) or None,
        steps=form.lines("steps"),
        concerns=form.text("concerns"),
    )
    await handoff.acknowledge(
        submission.context,
        submission.actor,
        service=named.service,
        version=named.version,
        acknowledgement=schedule,
    )


async def _hand_over(submission: Submission, named: Named) -> None:
    allow(submission.actor, Deed.HAND_OVER)
    filed = handoff.read_handoff(submission.form.text("text") + "\n", "the handoff")
    await handoff.hand_over(
        submission.context,
        submission.actor,
        service=named.service,
        version=named.version,
        handoff=filed,
    )


_DEEDS: Mapping[str, tuple[str, _Deed]] = {
    "withdrawals": ("withdraw", _withdraw),
    "ticks": ("tick", _tick),
    "acknowledgement": ("acknowledge", _acknowledge),
    "handoff": ("handoff", _hand_over),
}
"""What the page's forms do, by the end of their address: the form's name and the deed."""


def _takes(application: FastAPI, site: Site, path: str, name: str, deed: _Deed) -> None:
    visiting = Depends(site.visitor)

    @application.post(f"{OF}/{path}", include_in_schema=False)
    async def post(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        named = Named(service, version)
        submission = await Submission.read(site.context, request, visitor)
        return await submission.follow(
            name,
            deed(submission, named),
            onward=f"{named.address}?done={name}#{name}",
            again=partial(_shown, site, request, visitor, named),
        )


def _zoned(form: Form, visitor: Visitor) -> str | None:
    """The time that was chosen, in the reader's zone where none was typed."""
    text = latin(form.text("at"))
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if found.tzinfo else found.replace(tzinfo=visitor.reader.tzinfo).isoformat()


def _starting(application: FastAPI, site: Site) -> None:
    visiting = Depends(site.visitor)

    @application.post(OF + "/start", include_in_schema=False)
    async def start(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        submission = await Submission.read(site.context, request, visitor)

        async def started(release: Release) -> str:
            return f"/releases/{release.id}"

        return await submission.follow(
            "start",
            start_release(
                submission.context,
                visitor.actor,
                service=service,
                version=version,
                key=submission.context.new_id(),
            ),
            onward=started,
            again=partial(_shown, site, request, visitor, Named(service, version)),
        )


async def _shown(
    site: Site,
    request: Request,
    visitor: Visitor,
    named: Named,
    refusal: Refusal | None = None,
    *,
    receipt: int | None = None,
    draft: bool = False,
) -> HTMLResponse:
    actor, context = visitor.actor, site.context
    service, version = named.service, named.version
    found = await version_page.version_page(
        context, actor, service=service, version=version, receipt=receipt
    )
    text = refusal.typed.get("text", "") if refusal else ""
    if draft and not text and may(actor, Deed.HAND_OVER):
        text = (await draft_handoff(context, actor, service=service, version=version)).text
    return site.with_forms(
        request,
        visitor,
        "version.html.j2",
        refusal,
        page=found,
        sight=found.sight,
        summary=found.sight.summary,
        regions={
            region.name.removeprefix("version-"): live_region(
                visitor.reader, region.name, _values(found.sight), _argument(service, version)
            )
            for region in (RESULT, PAPERS)
        },
        start=await version_page.start_of(context, actor, service=service, version=version),
        may_tick=version_page.may_tick,
        text=text,
        address=named.address,
    )
