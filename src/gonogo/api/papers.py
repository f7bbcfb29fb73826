"""Handoffs, sign-offs, acknowledgements, waivers, checklists and freezes.

A version is named by its tag; which commit that is, the desk finds out itself.
"""

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from gonogo.api.answers.papers import (
    ChangeLogAnswer,
    ChecklistAnswer,
    DraftAnswer,
    PaperAnswer,
    SummaryAnswer,
)
from gonogo.api.answers.shapes import PageOf
from gonogo.api.etags import tagged
from gonogo.api.pagination import Cursor, Limit, Listing
from gonogo.api.paper_bodies import (
    AcknowledgementBody,
    FreezeBody,
    HandoffBody,
    SignOffBody,
    TickBody,
    WaiverBody,
    WithdrawalBody,
)
from gonogo.domain.actor import Actor
from gonogo.domain.paper import PaperKind
from gonogo.usecases.context import Context
from gonogo.usecases.gates import sign_offs, waivers
from gonogo.usecases.papers import checklists, criteria, handoff, handoff_draft
from gonogo.usecases.views import listings, summary
from gonogo.usecases.views.paper_views import checklists_view, paper_view, summary_view

_Version = Annotated[str, Query(min_length=1, max_length=200)]
_OF = "/api/v1/services/{service}"


def add_papers(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _handoffs(application, context, actor, looking)
    _signatures(application, context, actor)
    _checklists(application, context, actor, looking)
    _listing(application, context, looking)


def _handoffs(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get(_OF + "/handoff", response_model=SummaryAnswer)
    async def summarize_version(service: str, version: _Version, who: Actor = looking) -> Any:  # noqa: ANN401
        """A version on one page: what was handed over, tested, signed, waived, and what blocks. Its `digest`
        is what a sign-off names."""
        found = await summary.summarize(context, who, service=service, version=version)
        return summary_view(found)

    @application.get(_OF + "/handoff/draft", response_model=DraftAnswer)
    async def draft_handoff(service: str, version: _Version, who: Actor = looking) -> Any:  # noqa: ANN401
        """A handoff to begin with, from what is known of the version. Nothing is stored."""
        made = await handoff_draft.draft_handoff(context, who, service=service, version=version)
        return {
            "service": service,
            "version": version,
            "previous": made.previous,
            "fit": made.fit,
            "migrations": made.migrations,
            "text": made.text,
        }

    @application.get(_OF + "/handoff/change-log", response_model=ChangeLogAnswer)
    async def draft_change_log(service: str, version: _Version, who: Actor = looking) -> Any:  # noqa: ANN401
        """The section of a change log, from the commits since the version that serves."""
        return await handoff_draft.change_log_section(
            context, who, service=service, version=version
        )

    @application.post(_OF + "/handoff", status_code=201, response_model=PaperAnswer)
    async def hand_over(service: str, body: HandoffBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """QA hands a version over."""
        filed = await handoff.hand_over(
            context,
            who,
            service=service,
            version=body.version,
            handoff=handoff.read_handoff(body.text, body.path),
        )
        return paper_view(filed)

    @application.post(_OF + "/acknowledgements", status_code=201, response_model=PaperAnswer)
    async def acknowledge_handoff(
        service: str, body: AcknowledgementBody, who: Actor = actor
    ) -> Any:  # noqa: ANN401
        """Operations takes a version over, with a schedule."""
        schedule = handoff.schedule_of(
            context.clock.now(),
            at=body.at,
            window=body.window,
            duration=body.duration,
            downtime=body.downtime,
            steps=body.steps,
            concerns=body.concerns,
        )
        filed = await handoff.acknowledge(
            context, who, service=service, version=body.version, acknowledgement=schedule
        )
        return paper_view(filed)


def _signatures(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    @application.post(_OF + "/sign-offs", status_code=201, response_model=PaperAnswer)
    async def sign_off(service: str, body: SignOffBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """A word in a role on the evidence with this digest; 409 when the evidence has changed since."""
        promised = (
            ()
            if body.criteria is None
            else criteria.read_criteria(body.criteria, body.criteria_path)
        )
        filed = await sign_offs.sign_off(
            context,
            who,
            service=service,
            version=body.version,
            role=body.role,
            digest_seen=body.digest,
            criteria=promised,
            note=body.note,
        )
        return paper_view(filed)

    @application.post(
        "/api/v1/papers/{paper}/withdrawal", status_code=201, response_model=PaperAnswer
    )
    async def withdraw_paper(paper: str, body: WithdrawalBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Take a sign-off, waiver or acknowledgement back."""
        filed = await sign_offs.withdraw(context, who, paper_id=paper, reason=body.reason)
        return paper_view(filed)

    @application.post(_OF + "/waivers", status_code=201, response_model=PaperAnswer)
    async def waive_gate(service: str, body: WaiverBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Let a gate pass until a time, for one version or the whole service."""
        filed = await waivers.waive(context, who, service=service, **body.model_dump())
        return paper_view(filed)

    @application.post(_OF + "/freeze", status_code=201, response_model=PaperAnswer)
    async def freeze_service(service: str, body: FreezeBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Hold every release of a service, or let them go on."""
        filed = await waivers.freeze(context, who, service=service, **body.model_dump())
        return paper_view(filed)

    @application.post(_OF + "/silence", status_code=201, response_model=PaperAnswer)
    async def hush_service(service: str, body: FreezeBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Hold back messages about a service, or send them again."""
        filed = await waivers.hush(context, who, service=service, **body.model_dump())
        return paper_view(filed)


def _checklists(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get(_OF + "/checklists", response_model=list[ChecklistAnswer])
    async def list_checklists(
        service: str, version: _Version | None = None, who: Actor = looking
    ) -> Any:  # noqa: ANN401
        """How far the checklists of a version are; without `version` those of the service."""
        found = await checklists.look_at(context, who, service=service, version=version)
        return checklists_view(found)

    @application.post(_OF + "/ticks", status_code=201, response_model=PaperAnswer)
    async def tick_line(service: str, body: TickBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """Tick a line of a checklist, or untick it."""
        filed = await checklists.tick(context, who, service=service, **body.model_dump())
        return paper_view(filed)


def _listing(application: FastAPI, context: Context, looking: Any) -> None:  # noqa: ANN401
    @application.get(_OF + "/papers", response_model=PageOf[PaperAnswer])
    async def list_papers(
        request: Request,
        response: Response,
        service: str,
        version: _Version | None = None,
        kind: PaperKind | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        who: Actor = looking,
    ) -> Any:  # noqa: ANN401
        """What was filed about a service, the newest first: of all its versions or of one, of every
        kind or of one. Waivers and freezes are found here too."""
        listing = Listing("papers", {"service": service, "version": version, "kind": kind})
        page = await listings.papers_page(
            context,
            who,
            service=service,
            version=version,
            kind=kind,
            limit=limit,
            after=listing.after(cursor),
        )
        shown = [paper_view(paper) for paper in page.items]
        return listing.page(request, response, shown, page.next)

    @application.get("/api/v1/papers/{paper}", response_model=PaperAnswer)
    async def get_paper(
        paper: str, request: Request, response: Response, who: Actor = looking
    ) -> Any:  # noqa: ANN401
        """One paper. Papers never change."""
        found = await listings.find_paper(context, who, paper)
        return tagged(request, response, paper_view(found))
