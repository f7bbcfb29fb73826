"""Who looks at a page, and how they read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import Request

from gonogo.domain.actor import Actor, Role
from gonogo.language.reader import Language, Reader
from gonogo.usecases.access.sessions import Browser
from gonogo.usecases.permissions import Deed, may

READER_COOKIE = "gonogo_reader"
"""`language|zone|calendar|digits|theme`, percent-encoded; set by the settings page and, for the zone, by
desk.js. Nothing in it is trusted: what is unknown falls back to the language's custom."""

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`csrf` goes into every form and into the page's head; None for whoever carries a token."""

    actor: Actor
    reader: Reader
    csrf: str | None = None
    theme: str = "auto"

    @property
    def roles(self) -> tuple[str, ...]:
        """Their roles as people write them."""
        return tuple(role.words for role in Role if role in self.actor.roles)

    def may(self, deed: str) -> bool:
        """Whether one of their roles allows it; templates show only what can be done."""
        return may(self.actor, Deed[deed.upper()])


def reading(request: Request) -> tuple[Reader, str]:
    """How this browser's reader reads, and the theme they chose."""
    kept = unquote(request.cookies.get(READER_COOKIE, "")).split("|")[:5]
    language, zone, calendar, digits, theme = (*kept, *[""] * (5 - len(kept)))
    if language not in set(Language):
        language = _preferred(request.headers.get("accept-language", ""))
    return (
        Reader.of(language, zone or "UTC", calendar or None, digits or None),
        theme if theme in THEMES else "auto",
    )


def _preferred(header: str) -> str:
    """The first language of an Accept-Language header that the desk speaks; English else."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:1000].split(",")):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wanted.append((-weight, place, tag.strip().lower().partition("-")[0]))
    known = [tag for _, _, tag in sorted(wanted) if tag in set(Language)]
    return known[0] if known else Language.ENGLISH.value


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the pages for coming in are told of a request: who asks, as far as the network tells; the id of
    the session that it came with; and the part of `next` that is a path of the desk's own."""

    browser: Callable[[Request], Browser]
    session: Callable[[Request], str | None]
    safe: Callable[[str | None], str]


def seen_by(
    guard: Callable[[Request], Awaitable[Actor]],
    csrf: Callable[[Request], str | None] = lambda _: None,
) -> Callable[[Request], Awaitable[Visitor]]:
    """The visitor of a request whom `guard` lets in; `csrf` is what their session's forms carry."""

    async def visitor(request: Request) -> Visitor:
        actor = await guard(request)
        reader, theme = reading(request)
        return Visitor(actor, reader, csrf(request), theme)

    return visitor
