"""What every page of the desk is made with: its templates, its visitor, and the policy it is sent with.

No inline script or style and nothing from elsewhere: the policy forbids it, and every text that a
template puts out is escaped and made harmless (`wording.plain`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markupsafe import Markup, escape

from gonogo import __version__
from gonogo.language import formats, phrases
from gonogo.language.catalogue import words
from gonogo.language.reader import Language, Reader
from gonogo.usecases.context import Context
from gonogo.web import wording
from gonogo.web.desk import assets
from gonogo.web.desk.region import REGIONS, digest
from gonogo.web.desk.visitor import Visitor, reading
from gonogo.web.templating import environment

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""Marks that keep names apart in a sentence: what is cut off could leave one of them open."""

SeenBy = Callable[[Request], Awaitable[Visitor]]


@dataclass(frozen=True, slots=True)
class Site:
    """`visitor` tells who asks; it sends whoever is nobody to the sign-in page."""

    context: Context
    visitor: SeenBy

    def page(
        self,
        request: Request,
        visitor: Visitor,
        template: str,
        /,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """A whole page: `template` extends `layout.html.j2`."""
        shown = {
            **_reading(visitor.reader),
            "visitor": visitor,
            "path": request.url.path,
            "languages": tuple(Language),
            "version": __version__,
            **values,
        }
        text = templates().get_template(template).render(shown)
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    def part(
        self, visitor: Visitor, template: str, /, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A piece of a page, for htmx to put in its place."""
        shown = {**_reading(visitor.reader), "visitor": visitor, **values}
        text = templates().get_template(template).render(shown)
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    def outside(
        self, request: Request, template: str, /, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A page for whoever is not signed in: `template` extends `outside.html.j2`."""
        reader, theme = reading(request)
        shown = {
            **_reading(reader),
            "theme": theme,
            "languages": tuple(Language),
            "wrong": None,
            "apart": False,
            **values,
        }
        text = templates().get_template(template).render(shown)
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    async def region(self, reader: Reader, name: str, argument: str = "") -> Markup:
        """A region as it is now, to be included in a page: `<div data-live=…>…</div>`."""
        return live_region(reader, name, await REGIONS[name].read(self.context, argument), argument)


def live_region(
    reader: Reader,
    name: str,
    values: Mapping[str, object],
    argument: str = "",
    visitors: Mapping[str, object] | None = None,
) -> Markup:
    """A region with these values. `visitors` are what its template knows of one visitor beside them;
    what is sent later comes without, so a module of the page has to do the same to it.

    One with data for charts says nothing of what was seen: its data comes by the live connection.
    """
    shared = render_region(reader, name, values)
    seen = "" if values.get("data") is not None else digest(shared, None)
    html = render_region(reader, name, {**values, **visitors}) if visitors else shared
    watched = f"{name}:{argument}" if argument else name
    return Markup('<div class="live" data-live="{}" data-seen="{}">{}</div>').format(
        watched,
        seen,
        Markup(html),  # noqa: S704 - rendered by our own template
    )


def render_region(reader: Reader, name: str, values: Mapping[str, object]) -> str:
    """The inside of a region for one way to read."""
    return templates().get_template(REGIONS[name].template).render({**_reading(reader), **values})


def _reading(reader: Reader) -> dict[str, object]:
    """What templates say things with: `t`, `n`, `p`, and formats bound to the reader."""
    spoken = words(reader.language)

    def moment(at: datetime | str, style: str = "moment") -> Markup:
        """A `<time>` in the reader's zone and calendar, the instant in UTC in its title."""
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        shown = {"moment": formats.moment, "clock": formats.clock, "date": formats.date}[style]
        iso = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(iso, shown(at, reader))

    def say(message: str, /, **values: object) -> str:
        """`t`, which keeps markup among the values; messages are the program's own."""
        if any(hasattr(value, "__html__") for value in values.values()):
            return Markup(spoken.t(message)).format(**values)  # noqa: S704
        return spoken.t(message, **values)

    def counted(one: str, many: str, number: int, /, **values: object) -> str:
        """`n`, which writes {count} in the reader's digits and keeps markup among the values."""
        values = {"count": formats.count(number, reader), **values}
        message = spoken.n(one, many, number, **{name: f"{{{name}}}" for name in values})
        if any(hasattr(value, "__html__") for value in values.values()):
            return Markup(message).format(**values)  # noqa: S704 - messages are the program's own
        return message.format(**values)

    def said(sentence: str, limit: int | None = None) -> Markup:
        """What the desk wrote down, in the reader's language; marked as English where it has no words."""
        return marked(phrases.say(wording.plain(sentence, 2000), reader), limit)

    def told(message: str) -> Markup:
        """A message, which begins with the release that it is about; otherwise as `said`."""
        return marked(phrases.say_message(wording.plain(message, 2000), reader))

    def marked(found: phrases.Said, limit: int | None = None) -> Markup:
        text = found.text
        if limit is not None and len(text) > limit:
            text = wording.shorten(text.translate(_ISOLATES), limit)
        if not found.translated:
            # Somebody's own words may be in any language; only what can be English is said to be.
            marked = (
                '<bdi lang="en" dir="ltr">{}</bdi>'
                if text.isascii()
                else '<bdi dir="auto">{}</bdi>'
            )
            return Markup(marked).format(_commands(text))  # noqa: S704 - one of two texts of our own
        # The first letter may be one of a Latin name: it does not tell how the sentence runs.
        return Markup('<bdi dir="{}">{}</bdi>').format(reader.direction, _commands(text))

    def measured(value: float, unit: str) -> Markup:
        """A number with the unit in which a gate counts."""
        return said(f"{formats.number(value, Reader.of('en'))} {unit}".strip())

    return {
        "reader": reader,
        "said": said,
        "measured": measured,
        "told_message": told,
        "t": say,
        "n": counted,
        "p": spoken.p,
        "number": lambda value, places=None: formats.number(value, reader, places),
        "count": lambda value: formats.count(value, reader),
        "share": lambda value: formats.share(value, reader),
        "span": lambda value: formats.span(
            value if isinstance(value, timedelta) else timedelta(seconds=value), reader
        ),
        "moment": moment,
        "isolated": wording.isolated,
        "brief": wording.shorten,
    }


def _commands(text: str) -> Markup:
    """A text in which what stands in backquotes is a command, and is shown as one."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    shown = Markup('<code dir="ltr">{}</code>')
    return Markup().join(
        shown.format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )


@cache
def templates() -> Environment:
    """The desk's templates."""
    made = environment("web/desk/templates", longest=20_000)
    made.globals["asset"] = assets.address
    return made
