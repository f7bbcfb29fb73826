"""Handoffs, sign-offs, acknowledgements, waivers, checklists and freezes.

A version is named by its tag; which commit that is, the desk finds out itself.
"""

from typing import Annotated, Any

from fastapi import FastAPI, Query

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
from gonogo.usecases import (
    checklists,
    criteria,
    handoff,
    handoff_draft,
    sign_offs,
    summary,
    verification,
    waivers,
)
from gonogo.usecases.context import Context
from gonogo.usecases.paper_views import checklists_view, paper_view, summary_view
from gonogo.usecases.releases import find_release

_Version = Annotated[str, Query(min_length=1, max_length=200)]
_OF = "/api/v1/services/{service}"


def add_papers(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _handoffs(application, context, actor, looking)
    _signatures(application, context, actor)
    _checklists(application, context, actor, looking)


def _handoffs(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get(_OF + "/handoff")
    async def show(service: str, version: _Version, who: Actor = looking) -> dict[str, Any]:
        found = await summary.summarize(context, who, service=service, version=version)
        return summary_view(found)

    @application.get(_OF + "/handoff/draft")
    async def draft(service: str, version: _Version, who: Actor = looking) -> dict[str, Any]:
        made = await handoff_draft.draft_handoff(context, who, service=service, version=version)
        return {
            "service": service,
            "version": version,
            "previous": made.previous,
            "fit": made.fit,
            "migrations": made.migrations,
            "text": made.text,
        }

    @application.get(_OF + "/handoff/change-log")
    async def change_log(service: str, version: _Version, who: Actor = looking) -> dict[str, str]:
        return await handoff_draft.change_log_section(
            context, who, service=service, version=version
        )

    @application.post(_OF + "/handoff", status_code=201)
    async def submit(service: str, body: HandoffBody, who: Actor = actor) -> dict[str, Any]:
        filed = await handoff.hand_over(
            context,
            who,
            service=service,
            version=body.version,
            handoff=handoff.read_handoff(body.text, body.path),
        )
        return paper_view(filed)

    @application.post(_OF + "/acknowledgements", status_code=201)
    async def acknowledge(
        service: str, body: AcknowledgementBody, who: Actor = actor
    ) -> dict[str, Any]:
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
    @application.post(_OF + "/sign-offs", status_code=201)
    async def sign(service: str, body: SignOffBody, who: Actor = actor) -> dict[str, Any]:
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

    @application.post("/api/v1/papers/{paper}/withdrawal", status_code=201)
    async def withdraw(paper: str, body: WithdrawalBody, who: Actor = actor) -> dict[str, Any]:
        filed = await sign_offs.withdraw(context, who, paper_id=paper, reason=body.reason)
        return paper_view(filed)

    @application.post(_OF + "/waivers", status_code=201)
    async def waive(service: str, body: WaiverBody, who: Actor = actor) -> dict[str, Any]:
        filed = await waivers.waive(context, who, service=service, **body.model_dump())
        return paper_view(filed)

    @application.post(_OF + "/freeze", status_code=201)
    async def freeze(service: str, body: FreezeBody, who: Actor = actor) -> dict[str, Any]:
        filed = await waivers.freeze(context, who, service=service, **body.model_dump())
        return paper_view(filed)


def _checklists(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get(_OF + "/checklists")
    async def show(
        service: str, version: _Version | None = None, who: Actor = looking
    ) -> list[dict[str, Any]]:
        found = await checklists.look_at(context, who, service=service, version=version)
        return checklists_view(found)

    @application.post(_OF + "/ticks", status_code=201)
    async def tick(service: str, body: TickBody, who: Actor = actor) -> dict[str, Any]:
        filed = await checklists.tick(context, who, service=service, **body.model_dump())
        return paper_view(filed)

    @application.get("/api/v1/releases/{reference}/verification", dependencies=[looking])
    async def asked(reference: str) -> dict[str, Any]:
        return verification.verification_view(await find_release(context, reference))
