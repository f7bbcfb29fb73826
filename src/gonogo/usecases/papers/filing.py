"""Filing a paper: one row, one audit entry, and whoever drives a release of the service is told."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import InvalidInput
from gonogo.domain.paper import Content, Paper
from gonogo.usecases.context import Context

LONGEST_TEXT = 2000
LONGEST_LINE = 300


def spoken(text: str, what: str, *, least: int = 1, most: int = LONGEST_TEXT) -> str:
    """What somebody wrote, without blanks around it. Raises InvalidInput when it cannot be kept."""
    text = text.strip()
    if not text and least:
        raise InvalidInput(f"{what} is needed", hint=_hint(what))
    if len(text) < least:
        raise InvalidInput(f"{what} has {len(text)} characters, at least {least} are needed")
    if len(text) > most:
        raise InvalidInput(f"{what} has {len(text)} characters, the limit is {most}")
    for sign in text:
        if unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\r\t":
            raise InvalidInput(f"{what} holds the character U+{ord(sign):04X}; write it again")
    return text


def _hint(what: str) -> str | None:
    return 'add --reason "…"' if "reason" in what else None


def paper_of(
    context: Context,
    actor: Actor,
    service: str,
    commit: str | None,
    content: Content,
    paper_id: str | None = None,
) -> Paper:
    """A paper of this actor, as of now."""
    return Paper(
        id=paper_id or context.new_id(),
        service=service,
        commit=commit,
        at=context.clock.now(),
        actor=actor.name,
        roles=tuple(sorted(actor.roles)),
        content=content,
        emails=tuple(sorted(actor.emails)),
    )


async def file_paper(
    context: Context,
    paper: Paper,
    act: str,
    data: Mapping[str, Any],
    *,
    also: tuple[Paper, ...] = (),
) -> Paper:
    """Store a paper; `act` ends the action of its audit entry, whose subject is the service.

    `also` are papers that follow from it: they are stored with it or not at all.

    Returns what is stored under its id, which is the paper filed first when two come at once.
    """
    about = "service" if paper.commit is None else "version"
    named = {} if paper.commit is None else {"commit": paper.commit}
    audit = AuditDraft(
        actor=paper.actor,
        action=f"person:{about}:{act}",
        subject=paper.service,
        data={"paper": paper.id, **named, **data},
    )
    await context.store.file((*also, paper), audit)
    await wake_releases(context, paper.service)
    return await context.store.paper(paper.id) or paper


async def wake_releases(context: Context, service: str) -> None:
    """Tell whoever drives a release of this service that something was filed."""
    for release in await context.store.releases(service, under_way=True):
        context.wake(release.id)
