"""Long lists, page by page: releases, audit entries, papers, people and tokens.

A page says where the next one begins, by something that does not move when others are added: an id, a
sequence number, a name. None: this was the last page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditEntry, AuditSearch
from gonogo.domain.errors import NotFound
from gonogo.domain.paper import Paper, PaperKind
from gonogo.domain.release import Release
from gonogo.usecases.access import people
from gonogo.usecases.context import Context
from gonogo.usecases.papers.versions import find_version
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list, and after what the next page goes on."""

    items: tuple[Item, ...]
    next: str | None


async def releases_page(
    context: Context,
    actor: Actor,
    *,
    limit: int,
    service: str | None = None,
    under_way: bool = False,
    after: str | None = None,
) -> Page[Release]:
    """Releases, the newest first. `after` is the id of the last release seen."""
    allow(actor, Deed.LOOK)
    found = await context.store.releases(
        service, under_way=under_way, limit=limit + 1, before=after
    )
    return _page(found, limit, lambda release: release.id)


async def audit_page(context: Context, actor: Actor, search: AuditSearch) -> Page[AuditEntry]:
    """Entries of the audit chain. `search.beyond` is the sequence number of the last one seen."""
    allow(actor, Deed.LOOK)
    found = await context.store.search(replace(search, limit=search.limit + 1))
    return _page(found, search.limit, lambda entry: str(entry.sequence))


async def papers_page(
    context: Context,
    actor: Actor,
    *,
    service: str,
    limit: int,
    version: str | None = None,
    kind: PaperKind | None = None,
    after: str | None = None,
) -> Page[Paper]:
    """Papers of a service, of all its versions or of one, the newest first.

    `after` is the id of the last paper seen. Raises NotFound for an unknown service or version.
    """
    allow(actor, Deed.LOOK)
    await registration_of(context, service)
    commit = None
    if version is not None:
        commit = (await find_version(context, service, version)).commit
    found = await context.store.filed(
        service, commit=commit, kind=kind, before=after, limit=limit + 1
    )
    return _page(found, limit, lambda paper: paper.id)


async def find_paper(context: Context, actor: Actor, paper_id: str) -> Paper:
    """One paper. Raises NotFound."""
    allow(actor, Deed.LOOK)
    paper = await context.store.paper(paper_id)
    if paper is None:
        raise NotFound(f'no paper has the id "{paper_id[:80]}"')
    return paper


async def people_page(
    context: Context, actor: Actor, *, limit: int, after: str | None = None
) -> Page[dict[str, Any]]:
    """People by name, as `people.people_view` shows them. `after` is the last name seen."""
    everybody = await people.people_view(context, actor)
    rest = [each for each in everybody if after is None or each["name"] > after]
    return _page(rest[: limit + 1], limit, lambda person: str(person["name"]))


async def tokens_page(
    context: Context,
    actor: Actor,
    *,
    limit: int,
    person: str | None = None,
    after: str | None = None,
) -> Page[dict[str, Any]]:
    """Tokens, the oldest first, of everybody or of one person, for whoever manages them.

    `after` is the id of the last token seen.
    """
    shown = await people.tokens_view(context, actor, person=person)
    ids = [each["id"] for each in shown]
    begin = 0 if after is None else ids.index(after) + 1 if after in ids else len(ids)
    return _page(shown[begin : begin + limit + 1], limit, lambda token: str(token["id"]))


def _page(found: Sequence[Item], limit: int, mark: Callable[[Item], str]) -> Page[Item]:
    """The page, from one item more than it holds."""
    items = tuple(found[:limit])
    return Page(items, mark(items[-1]) if len(found) > limit else None)
