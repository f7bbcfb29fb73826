"""Pages of the desk: for now the reports of releases."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse

from gonogo.domain.actor import Actor
from gonogo.usecases.context import Context
from gonogo.usecases.releases.lifecycle import find_release, tell_story
from gonogo.usecases.views.summary import summarize
from gonogo.web.report import render, render_many


def add_pages(
    application: FastAPI, context: Context, guard: Callable[[Request], Awaitable[Any]]
) -> None:
    """Add the pages to the application; `guard` refuses a request that has no right to them."""

    @application.get("/api/v1/releases/{reference}/report", dependencies=[Depends(guard)])
    async def report(reference: str) -> HTMLResponse:
        story = await tell_story(context, await find_release(context, reference))
        return HTMLResponse(render(story))

    @application.get("/api/v1/reports", dependencies=[Depends(guard)])
    async def reports(
        release: Annotated[list[str], Query(min_length=1, max_length=50)],
    ) -> HTMLResponse:
        stories = [
            await tell_story(context, await find_release(context, reference))
            for reference in release
        ]
        return HTMLResponse(render_many(stories))

    @application.get("/api/v1/services/{service}/handoff/page")
    async def handoff_page(
        service: str,
        version: Annotated[str, Query(min_length=1, max_length=200)],
        shape: Annotated[Literal["html", "markdown"], Query(alias="format")] = "html",
        who: Actor = Depends(guard),  # noqa: B008 - how FastAPI is told
    ) -> Response:
        from gonogo.web import handoff

        found = await summarize(context, who, service=service, version=version)
        if shape == "markdown":
            return Response(handoff.markdown(found), media_type="text/markdown; charset=utf-8")
        return HTMLResponse(handoff.html(found))
