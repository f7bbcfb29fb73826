"""The board: releases under way and what they wait for, and every service with what serves where.

Both lists are regions, the same for every reader. What one visitor sees differently (rows that wait
for them come first, rows that their filter leaves out are hidden) follows from marks on the rows: here
when the page is asked for, in board.js when a region comes anew. The filter stands in the address.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from gonogo.usecases.context import Context
from gonogo.usecases.views import board
from gonogo.usecases.views.board import Going, Lamp
from gonogo.web.desk.region import Region, Stored, add_region
from gonogo.web.desk.site import Site, live_region
from gonogo.web.desk.visitor import Visitor

LONGEST_FILTER = 100
PULSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Filter:
    """What a visitor wants to see: part of a service's name, a lamp, only what waits for them."""

    roles: frozenset[str]
    service: str = ""
    state: str = ""
    mine: bool = False

    @property
    def active(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.service or self.state or self.mine)

    def needs_me(self, row: Going) -> bool:
        """Whether one of the visitor's roles has the next word."""
        return any(role.value in self.roles for role in row.asks)

    def hides(self, row: Going) -> bool:
        """Whether a release is left out."""
        return (
            self.hides_service(row.service)
            or bool(self.state and self.state != row.lamp)
            or (self.mine and not self.needs_me(row))
        )

    def hides_service(self, service: str) -> bool:
        """Whether a service is left out."""
        return self.service.casefold() not in service.casefold()

    def arranged(self, rows: Iterable[Going]) -> list[Going]:
        """What waits for the visitor first; else in the order of the board."""
        return sorted(rows, key=lambda row: not self.needs_me(row))


async def _going(context: Context, _: str) -> Mapping[str, object]:
    return _going_values(await board.releases_under_way(context))


def _going_values(rows: tuple[Going, ...]) -> dict[str, object]:
    return {"rows": rows, "filter": None}


async def _services(context: Context, _: str) -> Mapping[str, object]:
    rows = await board.services(context)
    return {"rows": rows, "environments": board.environments(rows), "filter": None}


def _is_no_look(stored: Stored, _: str) -> bool:
    """Looks of the judge change nothing of what serves where."""
    return stored.sequence != 0


BOARD = add_region(Region("board", "board_region.html.j2", _going))
SERVICES = add_region(
    Region("services", "board_services.html.j2", _services, _is_no_look, PULSE_SECONDS)
)


def add(application: FastAPI, site: Site) -> None:
    """Add the page."""

    @application.get("/", include_in_schema=False)
    async def page(
        request: Request,
        visitor: Annotated[Visitor, Depends(site.visitor)],
        service: Annotated[str, Query()] = "",
        state: Annotated[str, Query()] = "",
        needs: Annotated[str, Query()] = "",
    ) -> HTMLResponse:
        chosen = Filter(
            roles=frozenset(role.value for role in visitor.actor.roles),
            service=service[:LONGEST_FILTER].strip(),
            state=state if state in set(Lamp) else "",
            mine=needs == "me",
        )
        rows = await board.releases_under_way(site.context)
        mine = [row for row in rows if chosen.needs_me(row)]
        own = {"filter": chosen} if chosen.active or mine else {}
        listed = {"filter": chosen} if chosen.service else {}
        return site.page(
            request,
            visitor,
            "board.html.j2",
            going=live_region(visitor.reader, BOARD.name, _going_values(rows), visitors=own),
            services=live_region(
                visitor.reader,
                SERVICES.name,
                await _services(site.context, ""),
                visitors=listed,
            ),
            filter=chosen,
            mine=len(mine),
            lamps=tuple(Lamp),
            fits=any(not chosen.hides(row) for row in rows) or not rows,
        )
