"""What every page of the desk is made with: its templates, its visitor, and the policy it is sent with.

No inline script or style and nothing from elsewhere: the policy forbids it, and every text that a
template puts out is escaped and made harmless (`wording.plain`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from markupsafe import Markup

from gonogo import __version__
from gonogo.language.reader import Language, Reader
from gonogo.usecases.context import Context
from gonogo.web.desk import assets
from gonogo.web.desk.forms import Refusal
from gonogo.web.desk.region import REGIONS, digest
from gonogo.web.desk.speech import Speech
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
            **Speech.to(visitor.reader).values(),
            "visitor": visitor,
            "path": request.url.path,
            "languages": tuple(Language),
            "version": __version__,
            **values,
        }
        text = templates().get_template(template).render(shown)
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    def with_forms(
        self,
        request: Request,
        visitor: Visitor,
        template: str,
        /,
        refusal: Refusal | None,
        **values: object,
    ) -> HTMLResponse:
        """A page with forms; after a refusal it says why, and its templates fill in what was typed."""
        return self.page(
            request,
            visitor,
            template,
            status=refusal.status if refusal else 200,
            refusal=refusal,
            typed=refusal.typed if refusal else {},
            key=self.context.new_id(),
            **values,
        )

    def part(
        self, visitor: Visitor, template: str, /, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A piece of a page, for htmx to put in its place."""
        shown = {**Speech.to(visitor.reader).values(), "visitor": visitor, **values}
        text = templates().get_template(template).render(shown)
        return HTMLResponse(text, status_code=status, headers=HEADERS)

    def outside(
        self, request: Request, template: str, /, status: int = 200, **values: object
    ) -> HTMLResponse:
        """A page for whoever is not signed in: `template` extends `outside.html.j2`."""
        reader, theme = reading(request)
        shown = {
            **Speech.to(reader).values(),
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
    return (
        templates()
        .get_template(REGIONS[name].template)
        .render({**Speech.to(reader).values(), **values})
    )


@cache
def templates() -> Environment:
    """The desk's templates."""
    made = environment("web/desk/templates", longest=20_000)
    made.globals["asset"] = assets.address
    return made
