"""The board: every service with what runs where, and the releases under way."""

from collections.abc import Mapping

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from gonogo.usecases import views
from gonogo.usecases.context import Context
from gonogo.web.desk.region import Region, add_region
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor


async def _board(context: Context, _: str) -> Mapping[str, object]:
    return {"services": await views.services_view(context)}


BOARD = add_region(Region("board", "board_region.html.j2", _board))


def add(application: FastAPI, site: Site) -> None:
    """Add the page."""

    @application.get("/", include_in_schema=False)
    async def page(
        request: Request,
        visitor: Visitor = Depends(site.visitor),  # noqa: B008 - how FastAPI is told
    ) -> HTMLResponse:
        region = await site.region(visitor.reader, BOARD.name)
        return site.page(request, visitor, "board.html.j2", region=region)
