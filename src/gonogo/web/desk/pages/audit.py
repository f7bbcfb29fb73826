"""The audit chain: who did what, searched, checked, and given out."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse

from gonogo.domain.audit import AuditEntry, AuditSearch
from gonogo.domain.errors import NotFound
from gonogo.usecases.desk.operation import verify_chain
from gonogo.usecases.views import listings
from gonogo.usecases.views.desk_views import entry_view
from gonogo.web.desk import tables
from gonogo.web.desk.forms import whole_number
from gonogo.web.desk.site import Site
from gonogo.web.desk.visitor import Visitor

HEAD = ("sequence", "at", "actor", "action", "subject", "data", "previous", "digest")
_LIMIT = 100
_AT_ONCE = 1000
_NEWER = 5
"""Entries shown above the one that was asked for, so that it is seen in its place."""
_Text = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=0, le=1 << 53)]


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a page, the newest first. `older` and `newer` are the sequence numbers beyond which
    more follow; None: there are no more that way, or nobody asked for them."""

    entries: tuple[AuditEntry, ...]
    older: str | None = None
    newer: str | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What stands in the page's address."""

    actor: str = ""
    action: str = ""
    subject: str = ""

    def search(
        self, beyond: int | None = None, limit: int = _LIMIT, *, newest_first: bool = True
    ) -> AuditSearch:
        """What they ask for, from `beyond` on."""
        return AuditSearch(
            subject=self.subject or None,
            actor=self.actor or None,
            action=self.action or None,
            newest_first=newest_first,
            beyond=beyond,
            limit=limit,
        )

    def query(self) -> dict[str, str]:
        """Those that are set."""
        names = ("actor", "action", "subject")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def filters(actor: _Text = "", action: _Text = "", subject: _Text = "") -> Filters:
    """The filters of a request."""
    return Filters(actor.strip(), action.strip(), subject.strip())


def add(application: FastAPI, site: Site) -> None:
    """Add the page, its further rows, the check of the chain, and its files."""
    visiting, filtered = Depends(site.visitor), Depends(filters)

    @application.get("/audit", include_in_schema=False)
    async def page(
        request: Request,
        entry: _Text = "",
        visitor: Visitor = visiting,
        wanted: Filters = filtered,
    ) -> Response:
        asked, number = entry.strip(), whole_number(entry)
        if number is None:
            shown, missing = await _older(site, visitor, wanted, None), bool(asked)
        else:
            shown = await _around(site, visitor, wanted, number)
            missing = all(each.sequence != number for each in shown.entries)
        return site.page(
            request,
            visitor,
            "audit.html.j2",
            404 if missing and not wanted.query() else 200,
            shown=shown,
            filters=wanted,
            told=_told,
            entry=number,
            asked=asked,
            missing=missing,
        )

    @application.get("/audit/rows", include_in_schema=False)
    async def rows(
        before: Number | None = None,
        after: Number | None = None,
        visitor: Visitor = visiting,
        wanted: Filters = filtered,
    ) -> Response:
        shown = await (
            _older(site, visitor, wanted, before)
            if after is None
            else _newer(site, visitor, wanted, after, _LIMIT)
        )
        return site.part(
            visitor, "audit_rows.html.j2", shown=shown, filters=wanted, told=_told, entry=None
        )

    @application.get("/audit/check", include_in_schema=False)
    async def check(visitor: Visitor = visiting) -> Response:
        return site.part(visitor, "audit_check.html.j2", chain=await verify_chain(site.context))

    @application.get("/audit/entries.{kind}", include_in_schema=False)
    async def file(kind: str, visitor: Visitor = visiting, wanted: Filters = filtered) -> Response:
        entries = _every_entry(site, visitor, wanted)
        if kind == "csv":
            return await tables.csv_file("audit", HEAD, entries, _cells)
        if kind != "json":
            raise NotFound(f'no file of the kind "{kind[:20]}"', hint="csv or json")
        name = {"Content-Disposition": 'attachment; filename="audit.json"'}
        return StreamingResponse(_json(entries), media_type="application/json", headers=name)


async def _older(site: Site, visitor: Visitor, wanted: Filters, before: int | None) -> Shown:
    found = await listings.audit_page(site.context, visitor.actor, wanted.search(before))
    return Shown(found.items, older=found.next)


async def _newer(site: Site, visitor: Visitor, wanted: Filters, after: int, limit: int) -> Shown:
    search = wanted.search(after, limit, newest_first=False)
    found = await listings.audit_page(site.context, visitor.actor, search)
    return Shown(tuple(reversed(found.items)), newer=found.next)


async def _around(site: Site, visitor: Visitor, wanted: Filters, number: int) -> Shown:
    """An entry and its neighbours on both sides, of those that fit."""
    newer = await _newer(site, visitor, wanted, number, _NEWER)
    older = await _older(site, visitor, wanted, number + 1)
    return Shown(newer.entries + older.entries, older.older, newer.newer)


def _told(entry: AuditEntry) -> list[tuple[str, str]]:
    """What an entry holds, as names and short texts."""
    return [
        (name, value if isinstance(value, str) else dumps(value, ensure_ascii=False))
        for name, value in entry.data.items()
    ]


async def _every_entry(
    site: Site, visitor: Visitor, wanted: Filters
) -> AsyncIterator[Sequence[AuditEntry]]:
    beyond: int | None = None
    while True:
        search = wanted.search(beyond, _AT_ONCE)
        found = await listings.audit_page(site.context, visitor.actor, search)
        if found.items:
            yield found.items
        if found.next is None:
            return
        beyond = int(found.next)


async def _json(entries: AsyncIterator[Sequence[AuditEntry]]) -> AsyncIterator[str]:
    sign = "["
    async for some in entries:
        for entry in some:
            told = {**entry_view(entry), "previous": entry.previous}
            yield sign + "\n" + dumps(told, ensure_ascii=False)
            sign = ","
    yield "\n]\n" if sign == "," else "[]\n"


def _cells(entry: AuditEntry) -> Iterable[tables.Cell]:
    data = dumps(dict(entry.data), ensure_ascii=False, sort_keys=True)
    return (
        *(entry.sequence, entry.at, entry.actor, entry.action, entry.subject),
        *(data, entry.previous, entry.digest),
    )
