"""Releases: started, found, followed, told something, explained."""

import asyncio
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from gonogo.api.answers.releases import (
    EventsAnswer,
    FiguresAnswer,
    IntentionAnswer,
    RecordingAnswer,
    ReleaseAnswer,
    ReleaseDetail,
    VerificationAnswer,
    WhatIfAnswer,
    WhyAnswer,
)
from gonogo.api.answers.shapes import PageOf
from gonogo.api.bodies import InstructionBody, ReleaseBody
from gonogo.api.etags import etag_of, must_match, unchanged
from gonogo.api.pagination import Cursor, Limit, Listing
from gonogo.api.visitors import Visitors
from gonogo.domain.actor import Actor
from gonogo.domain.log_context import now_about_release
from gonogo.domain.release import Release, VerifiedLine
from gonogo.usecases.context import Context
from gonogo.usecases.judging.recording import read_recording, recording_view
from gonogo.usecases.judging.what_if import EVERY_POLICY, what_if, what_if_view
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases import lifecycle, verification
from gonogo.usecases.releases.decisions import decision_on
from gonogo.usecases.releases.why import why
from gonogo.usecases.services import specs
from gonogo.usecases.views import desk_views, listings

_LONGEST_WAIT = 30.0
_POLL = 0.1
_ASK_AGAIN = 1.0
"""Seconds after which somebody who waits is asked again who they are."""

_Service = Annotated[str | None, Query(min_length=1, max_length=200)]
_Policies = Annotated[
    list[Annotated[str, Query(max_length=200)]],
    Query(max_length=20, examples=[["gonogo:ratio=1.5"]]),
]
_ONE = "/api/v1/releases/{reference}"


def add_releases(
    application: FastAPI,
    context: Context,
    visitors: Visitors,
    actor: Any,  # noqa: ANN401
    looking: Any,  # noqa: ANN401
) -> None:
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    _starting(application, context, actor, looking)
    _following(application, context, visitors, looking)
    _telling(application, context, actor)
    _explaining(application, context, looking)


async def _found(context: Context, reference: str) -> Release:
    release = await lifecycle.find_release(context, reference)
    now_about_release(release.id)
    return release


def _etag(release: Release) -> str:
    """Everything that is told of a release changes with its revision."""
    return etag_of("release", release.id, release.revision)


def _starting(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    @application.get("/api/v1/releases", response_model=PageOf[ReleaseAnswer])
    async def list_releases(
        request: Request,
        response: Response,
        service: _Service = None,
        under_way: bool = False,
        limit: Limit = 20,
        cursor: Cursor = None,
        who: Actor = looking,
    ) -> Any:  # noqa: ANN401
        """The newest first, of all services or of one; all of them, or those that have not ended."""
        listing = Listing("releases", {"service": service, "under_way": under_way})
        page = await listings.releases_page(
            context,
            who,
            limit=limit,
            service=service,
            under_way=under_way,
            after=listing.after(cursor),
        )
        shown = [desk_views.release_view(release) for release in page.items]
        return listing.page(request, response, shown, page.next)

    @application.post("/api/v1/releases", status_code=202, response_model=ReleaseAnswer)
    async def start_release(body: ReleaseBody, response: Response, who: Actor = actor) -> Any:  # noqa: ANN401
        """It goes on by itself; follow it under its id. `key`, where given, becomes its id: the same
        key gives the same release for ever, an Idempotency-Key the same answer for a day."""
        release = await lifecycle.start_release(
            context, who, service=body.service, version=body.version, key=body.key
        )
        now_about_release(release.id)
        response.headers["Location"] = f"/api/v1/releases/{release.id}"
        return desk_views.release_view(release)

    @application.post("/api/v1/intentions", response_model=IntentionAnswer)
    async def foretell_release(body: ReleaseBody, who: Actor = actor) -> Any:  # noqa: ANN401
        """What a release would do if it were started now. Nothing is stored."""
        release = await lifecycle.prepare_release(
            context, who, service=body.service, version=body.version
        )
        own_spec = await specs.differs_from_registered(context, release)
        return {
            "will": desk_views.intention(release, own_spec=own_spec),
            "previous": release.previous,
        }


def _following(
    application: FastAPI,
    context: Context,
    visitors: Visitors,
    looking: Any,  # noqa: ANN401
) -> None:
    @application.get(_ONE, dependencies=[looking], response_model=ReleaseDetail)
    async def get_release(reference: str, request: Request, response: Response) -> Any:  # noqa: ANN401
        """By its id, the start of one, or the name of a service, a version or both: then the newest.
        The ETag changes with its revision."""
        release = await _found(context, reference)
        etag = _etag(release)
        if (same := unchanged(request, etag)) is not None:
            return same
        response.headers["ETag"] = etag
        last = await context.store.last_look(release.id)
        decision = await decision_on(context, release)
        return {
            **desk_views.release_view(release, last),
            "decision": desk_views.decided_view(decision),
        }

    @application.get(_ONE + "/events", dependencies=[looking], response_model=EventsAnswer)
    async def follow_release(
        request: Request,
        reference: str,
        after: Annotated[int, Query(ge=0, le=(1 << 53) - 1)] = 0,
        wait: Annotated[float, Query(ge=0, le=_LONGEST_WAIT, allow_inf_nan=False)] = 0,
    ) -> Any:  # noqa: ANN401
        """What was written down after the entry with the number `after`. With `wait` the answer comes
        as soon as there is something, or after that many seconds."""
        release = await _found(context, reference)
        clock = asyncio.get_running_loop().time
        deadline, ask_again = clock() + wait, clock() + _ASK_AGAIN
        while True:
            entries = [
                entry async for entry in context.store.entries(subject=release.id, after=after)
            ]
            if entries or clock() >= deadline:
                break
            await asyncio.sleep(_POLL)
            if clock() >= ask_again:
                # Somebody who has left meanwhile, or whose token was revoked, is told nothing more.
                allow(await visitors.again(request), Deed.LOOK)
                ask_again = clock() + _ASK_AGAIN
        release = await lifecycle.find_release(context, release.id)
        last = await context.store.last_look(release.id)
        return {
            "release": desk_views.release_view(release, last),
            "events": [desk_views.entry_view(entry) for entry in entries],
        }


def _telling(application: FastAPI, context: Context, actor: Any) -> None:  # noqa: ANN401
    @application.post(_ONE + "/instructions", status_code=202, response_model=ReleaseAnswer)
    async def instruct_release(
        request: Request,
        reference: str,
        body: InstructionBody,
        who: Actor = actor,
    ) -> Any:  # noqa: ANN401
        """Pause, resume, retry, abort, roll back, confirm or reject. It is written down and done as
        soon as the release is looked at next. With If-Match it is refused (412) when the release has
        moved since its ETag was read."""
        lines = tuple(VerifiedLine(**line.model_dump()) for line in body.lines)
        allow(who, lifecycle.DEEDS[body.kind])
        must_match(request, _etag(await _found(context, reference)))
        release = await verification.tell(
            context, who, reference=reference, kind=body.kind, reason=body.reason, lines=lines
        )
        return desk_views.release_view(release)


def _explaining(application: FastAPI, context: Context, looking: Any) -> None:  # noqa: ANN401
    @application.get(_ONE + "/figures", dependencies=[looking], response_model=FiguresAnswer)
    async def get_figures(reference: str) -> Any:  # noqa: ANN401
        """Customers hurt, and how fast it was decided and taken back."""
        release = await _found(context, reference)
        return desk_views.figures_view(await lifecycle.tell_story(context, release))

    @application.get(_ONE + "/looks", dependencies=[looking], response_model=RecordingAnswer)
    async def get_looks(reference: str) -> Any:  # noqa: ANN401
        """Everything that was counted, to be judged again elsewhere."""
        release = await _found(context, reference)
        return recording_view(await lifecycle.tell_story(context, release))

    @application.get(_ONE + "/what-if", dependencies=[looking], response_model=WhatIfAnswer)
    async def replay_release(reference: str, policy: _Policies = []) -> Any:  # noqa: ANN401, B006
        """When other policies would have stopped it, on the same customers; all that are known where
        none is named. 422 when nothing was counted."""
        release = await _found(context, reference)
        view = recording_view(await lifecycle.tell_story(context, release))
        recording = read_recording(view)
        found = await asyncio.to_thread(what_if, recording, policy or EVERY_POLICY)
        return what_if_view(recording, found)

    @application.get(_ONE + "/why", dependencies=[looking], response_model=WhyAnswer)
    async def explain_release(reference: str) -> Any:  # noqa: ANN401
        """Why it stands where it stands, in a few sentences with the numbers."""
        release = await _found(context, reference)
        story = await lifecycle.tell_story(context, release)
        return {"release": release.id, "why": why(story)}

    @application.get(
        _ONE + "/verification", dependencies=[looking], response_model=VerificationAnswer
    )
    async def get_verification(reference: str) -> Any:  # noqa: ANN401
        """What is asked of whoever confirms it in production."""
        return verification.verification_view(await _found(context, reference))
