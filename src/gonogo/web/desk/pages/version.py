"""A version on its way: its papers, what people can do for it, and the page on which one signs."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from gonogo.domain.actor import Role
from gonogo.domain.errors import GonogoError, InvalidInput, NotFound
from gonogo.domain.paper import Paper
from gonogo.language.formats import latin
from gonogo.usecases.context import Context
from gonogo.usecases.gates import sign_offs
from gonogo.usecases.papers import checklists, handoff
from gonogo.usecases.papers.handoff_draft import draft_handoff
from gonogo.usecases.permissions import Deed, allow, may
from gonogo.usecases.releases.lifecycle import start_release
from gonogo.usecases.views import version_page
from gonogo.web.desk.forms import Form, Refusal, once, read_form
from gonogo.web.desk.gate_rules import rule_sentences
from gonogo.web.desk.region import Region, Stored, add_region
from gonogo.web.desk.site import Site, live_region
from gonogo.web.desk.visitor import Visitor

_RESULT = "version-result"
_PAPERS = "version-papers"


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


RESULT = add_region(Region(_RESULT, "version_result.html.j2", _read, _concerns))
PAPERS = add_region(Region(_PAPERS, "version_state.html.j2", _read, _concerns))

_OF = "/services/{service}/versions/{version:path}"
_Receipt = Query(None, ge=1, le=1 << 53)


def add(application: FastAPI, site: Site) -> None:
    """Add the pages. What ends a path comes before the page whose path may hold anything."""
    _signing(application, site)
    _papers(application, site)
    _starting(application, site)
    visiting = Depends(site.visitor)

    @application.get(_OF, include_in_schema=False)
    async def page(
        request: Request,
        service: str,
        version: str,
        receipt: int | None = _Receipt,
        draft: bool = False,
        visitor: Visitor = visiting,
    ) -> HTMLResponse:
        return await _shown(
            site, request, visitor, (service, version), receipt=receipt, draft=draft
        )


def _address(service: str, version: str) -> str:
    return f"/services/{quote(service, safe='')}/versions/{quote(version, safe='/')}"


def _signing(application: FastAPI, site: Site) -> None:
    visiting = Depends(site.visitor)
    context = site.context

    @application.get(_OF + "/sign-off", include_in_schema=False)
    async def page(
        request: Request,
        service: str,
        version: str,
        receipt: int | None = _Receipt,
        visitor: Visitor = visiting,
    ) -> HTMLResponse:
        return await _signing_page(site, request, visitor, (service, version), receipt=receipt)

    @application.post(_OF + "/sign-off", include_in_schema=False)
    async def sign(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)
        keyed = once(context, visitor.actor, request, form)
        said_no = form.text("word") == "reject"
        try:
            paper = await _word(keyed, visitor, (service, version), form, said_no=said_no)
        except GonogoError as error:
            refusal = Refusal.of(error, "reject" if said_no else "sign")
            return await _signing_page(
                site, request, visitor, (service, version), refusal=refusal, typed=form.fields
            )
        number = await version_page.entry_of(context, service, paper)
        return RedirectResponse(f"{_address(service, version)}/sign-off?receipt={number}", 303)

    @application.post(_OF + "/withdrawals", include_in_schema=False)
    async def withdraw(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)

        async def work(keyed: Context) -> None:
            await sign_offs.withdraw(
                keyed, visitor.actor, paper_id=form.text("paper"), reason=form.text("reason")
            )

        return await _done(site, request, visitor, (service, version), form, "withdraw", work)


async def _word(
    context: Context, visitor: Visitor, of: tuple[str, str], form: Form, *, said_no: bool
) -> Paper:
    service, version = of
    role, digest = _role(form), form.text("digest")
    if said_no:
        return await sign_offs.reject(
            context,
            visitor.actor,
            service=service,
            version=version,
            role=role,
            digest_seen=digest,
            reason=form.text("reason"),
        )
    return await sign_offs.sign_off(
        context,
        visitor.actor,
        service=service,
        version=version,
        role=role,
        digest_seen=digest,
        note=form.text("note"),
    )


def _role(form: Form) -> Role:
    role = form.text("role")
    if role not in set(Role):
        raise InvalidInput("choose the role that you sign as")
    return Role(role)


def _papers(application: FastAPI, site: Site) -> None:
    visiting = Depends(site.visitor)
    context = site.context

    @application.post(_OF + "/ticks", include_in_schema=False)
    async def tick(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)

        async def work(keyed: Context) -> None:
            await checklists.tick(
                keyed,
                visitor.actor,
                service=service,
                version=version,
                checklist=form.text("checklist"),
                item=form.text("item"),
                done=form.text("done") != "no",
                evidence=form.text("evidence"),
            )

        return await _done(site, request, visitor, (service, version), form, "tick", work)

    @application.post(_OF + "/acknowledgement", include_in_schema=False)
    async def acknowledge(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)

        async def work(keyed: Context) -> None:
            allow(visitor.actor, Deed.ACKNOWLEDGE)  # before anything is read of what was typed
            schedule = handoff.schedule_of(
                context.clock.now(),
                at=_zoned(form, visitor),
                window=latin(form.text("window")) or None,
                duration=latin(form.text("duration")) or None,
                downtime=latin(form.text("downtime")) or None,
                steps=form.lines("steps"),
                concerns=form.text("concerns"),
            )
            await handoff.acknowledge(
                keyed, visitor.actor, service=service, version=version, acknowledgement=schedule
            )

        return await _done(site, request, visitor, (service, version), form, "acknowledge", work)

    @application.post(_OF + "/handoff", include_in_schema=False)
    async def hand_over(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)

        async def work(keyed: Context) -> None:
            allow(visitor.actor, Deed.HAND_OVER)
            filed = handoff.read_handoff(form.text("text") + "\n", "the handoff")
            await handoff.hand_over(
                keyed, visitor.actor, service=service, version=version, handoff=filed
            )

        return await _done(site, request, visitor, (service, version), form, "handoff", work)


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
    context = site.context

    @application.post(_OF + "/start", include_in_schema=False)
    async def start(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        form = await read_form(request)
        key = once(context, visitor.actor, request, form).new_id()
        try:
            release = await start_release(
                context, visitor.actor, service=service, version=version, key=key
            )
        except GonogoError as error:
            refusal = Refusal.of(error, "start")
            return await _shown(
                site, request, visitor, (service, version), refusal=refusal, typed=form.fields
            )
        return RedirectResponse(f"/releases/{release.id}", 303)


async def _done(
    site: Site,
    request: Request,
    visitor: Visitor,
    of: tuple[str, str],
    form: Form,
    name: str,
    work: Callable[[Context], Awaitable[None]],
) -> Response:
    """Do what a form asks for; a refusal comes back with everything that was typed."""
    try:
        await work(once(site.context, visitor.actor, request, form))
    except GonogoError as error:
        refusal = Refusal.of(error, name)
        return await _shown(site, request, visitor, of, refusal=refusal, typed=form.fields)
    return RedirectResponse(f"{_address(*of)}?done={name}#{name}", 303)


async def _shown(
    site: Site,
    request: Request,
    visitor: Visitor,
    of: tuple[str, str],
    *,
    receipt: int | None = None,
    draft: bool = False,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    service, version = of
    actor, context = visitor.actor, site.context
    found = await version_page.version_page(
        context, actor, service=service, version=version, receipt=receipt
    )
    typed = typed or {}
    text = typed.get("text", "")
    if draft and not text and may(actor, Deed.HAND_OVER):
        text = (await draft_handoff(context, actor, service=service, version=version)).text
    return site.page(
        request,
        visitor,
        "version.html.j2",
        status=refusal.status if refusal else 200,
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
        address=_address(service, version),
        refusal=refusal,
        typed=typed,
        key=context.new_id(),
    )


async def _signing_page(
    site: Site,
    request: Request,
    visitor: Visitor,
    of: tuple[str, str],
    *,
    receipt: int | None = None,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    service, version = of
    found = await version_page.version_page(
        site.context, visitor.actor, service=service, version=version, receipt=receipt
    )
    return site.page(
        request,
        visitor,
        "sign_off.html.j2",
        status=refusal.status if refusal else 200,
        page=found,
        sight=found.sight,
        summary=found.sight.summary,
        address=_address(service, version),
        refusal=refusal,
        typed=typed or {},
        key=site.context.new_id(),
    )
