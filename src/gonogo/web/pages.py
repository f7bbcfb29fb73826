"""Pages of the desk: for now the reports of releases."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from gonogo.usecases.context import Context
from gonogo.usecases.releases import find_release, tell_story
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
