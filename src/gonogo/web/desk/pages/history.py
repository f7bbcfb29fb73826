"""Releases as they were: searched, counted by the four figures of delivery, and given out as tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request, Response

from gonogo.domain.errors import NotFound
from gonogo.domain.release import FINAL, Stage
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.language.formats import latin
from gonogo.language.reader import Reader
from gonogo.usecases.views import history
from gonogo.web.desk import tables
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor

HEAD = (
    *("id", "service", "version", "commit", "previous", "attempt", "outcome", "reason"),
    *("started_by", "started_at", "since", "reached_customers"),
)
OUTCOMES = {
    "released": (Stage.RELEASED,),
    "rolled_back": (Stage.ROLLED_BACK,),
    "no_go": (Stage.NO_GO,),
    "aborted": (Stage.ABORTED,),
    "adopted": (Stage.ADOPTED,),
    "under_way": tuple(stage for stage in Stage if stage not in FINAL),
}
"""What one may filter by."""
_DAYS = (7, 30, 90, 365)
_LIMIT = 50
_Text = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=0, le=1 << 53)]


@dataclass(frozen=True, slots=True)
class Filters:
    """What stands in the page's address: every filter, so that a link shows what its sender saw."""

    service: str = ""
    outcome: str = ""
    q: str = ""
    since: str = ""
    until: str = ""

    def search(self, reader: Reader, before: int | None = None) -> ReleaseSearch:
        """What they ask for; a day that is none, or an unknown outcome, asks for nothing at all."""
        since, until = _day(self.since, reader), _day(self.until, reader)
        return ReleaseSearch(
            service=self.service or None,
            stages=OUTCOMES.get(self.outcome, ()) if self.outcome else None,
            text=latin(self.q.strip()) or None,
            since=since,
            until=None if until is None else until + timedelta(days=1),
            before=before,
            limit=_LIMIT,
        )

    def query(self) -> dict[str, str]:
        """Those that are set."""
        names = ("service", "outcome", "q", "since", "until")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def filters(
    service: _Text = "", outcome: _Text = "", q: _Text = "", since: _Text = "", until: _Text = ""
) -> Filters:
    """The filters of a request."""
    return Filters(service, outcome, q, since, until)


def add(application: FastAPI, site: Site) -> None:
    """Add the page, its further rows, and its tables."""
    visiting, filtered = Depends(site.visitor), Depends(filters)

    @application.get("/history", include_in_schema=False)
    async def page(
        request: Request,
        visitor: Visitor = visiting,
        wanted: Filters = filtered,
        days: int = 90,
    ) -> Response:
        search = wanted.search(visitor.reader)
        found = await history.history_page(site.context, visitor.actor, search)
        window = timedelta(days=days if days in _DAYS else 90)
        told = await history.dora(
            site.context, visitor.actor, service=wanted.service or None, window=window
        )
        known = await site.context.store.registrations()
        return site.page(
            request,
            visitor,
            "history.html.j2",
            lines=found.items,
            next=found.next,
            filters=wanted,
            outcomes=tuple(OUTCOMES),
            services=[each.service for each in known],
            dora=told,
            days=window.days,
            windows=_DAYS,
        )

    @application.get("/history/rows", include_in_schema=False)
    async def rows(
        before: Number, visitor: Visitor = visiting, wanted: Filters = filtered
    ) -> Response:
        search = wanted.search(visitor.reader, before)
        found = await history.history_page(site.context, visitor.actor, search)
        return site.part(
            visitor, "history_rows.html.j2", lines=found.items, next=found.next, filters=wanted
        )

    @application.get("/history/releases.{kind}", include_in_schema=False)
    async def table(kind: str, visitor: Visitor = visiting, wanted: Filters = filtered) -> Response:
        makers = {"csv": tables.csv_file, "xlsx": tables.xlsx_file}
        if kind not in makers:
            raise NotFound(f'no table of the kind "{kind[:20]}"', hint="csv or xlsx")
        lines = history.every_line(site.context, visitor.actor, wanted.search(visitor.reader))
        return await makers[kind]("releases", HEAD, lines, _cells)


def _cells(line: ReleaseLine) -> Iterable[tables.Cell]:
    return (
        *(line.id, line.service, line.version, line.commit, line.previous, line.attempt),
        *(line.stage.value, line.reason, line.actor, line.created_at, line.stage_since),
        line.exposed,
    )


def _day(text: str, reader: Reader) -> datetime | None:
    """The beginning of a day `2026-11-22` where the reader is."""
    if not text:
        return None
    try:
        day = datetime.strptime(latin(text.strip()), "%Y-%m-%d").date()  # noqa: DTZ007 - a day only
    except ValueError:
        return datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
    return datetime.combine(day, time(), reader.tzinfo).astimezone(UTC)
