"""The page on which one signs: everything that a word is bound to, and the two words."""

from functools import partial

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from gonogo.domain.paper import Paper
from gonogo.usecases.gates import sign_offs
from gonogo.usecases.views import version_page
from gonogo.web.desk.forms import Refusal, Submission
from gonogo.web.desk.pages.version import OF, Named, Receipt
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor


def add(application: FastAPI, site: Site) -> None:
    """Add the page and what its form is sent to; before the page of the version, whose path fits too."""
    visiting = Depends(site.visitor)
    context = site.context

    @application.get(OF + "/sign-off", include_in_schema=False)
    async def page(
        request: Request,
        service: str,
        version: str,
        receipt: Receipt = None,
        visitor: Visitor = visiting,
    ) -> HTMLResponse:
        named = Named(service, version)
        return await _shown(site, request, visitor, named, receipt=receipt)

    @application.post(OF + "/sign-off", include_in_schema=False)
    async def sign(
        request: Request, service: str, version: str, visitor: Visitor = visiting
    ) -> Response:
        named = Named(service, version)
        submission = await Submission.read(context, request, visitor)
        said_no = submission.form.text("word") == "reject"

        async def receipt(paper: Paper) -> str:
            number = await version_page.entry_of(context, service, paper)
            return f"{named.address}/sign-off?receipt={number}"

        return await submission.follow(
            "reject" if said_no else "sign",
            _word(submission, named, said_no=said_no),
            onward=receipt,
            again=partial(_shown, site, request, visitor, named),
        )


async def _word(submission: Submission, named: Named, *, said_no: bool) -> Paper:
    form = submission.form
    role, digest = form.role("role", "choose the role that you sign as"), form.text("digest")
    if said_no:
        return await sign_offs.reject(
            submission.context,
            submission.actor,
            service=named.service,
            version=named.version,
            role=role,
            digest_seen=digest,
            reason=form.text("reason"),
        )
    return await sign_offs.sign_off(
        submission.context,
        submission.actor,
        service=named.service,
        version=named.version,
        role=role,
        digest_seen=digest,
        note=form.text("note"),
    )


async def _shown(
    site: Site,
    request: Request,
    visitor: Visitor,
    named: Named,
    refusal: Refusal | None = None,
    *,
    receipt: int | None = None,
) -> HTMLResponse:
    found = await version_page.version_page(
        site.context,
        visitor.actor,
        service=named.service,
        version=named.version,
        receipt=receipt,
    )
    return site.with_forms(
        request,
        visitor,
        "sign_off.html.j2",
        refusal,
        page=found,
        sight=found.sight,
        summary=found.sight.summary,
        address=named.address,
    )
