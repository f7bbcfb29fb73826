"""Signing in by an account elsewhere: out to the provider, and back. Both are pages' addresses: a browser
follows them, so that what goes wrong ends at the page for signing in."""

import logging
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import RedirectResponse

from gonogo.api import cookies
from gonogo.api.answers.people import WaysAnswer
from gonogo.api.door import SIGN_IN_PAGE, Door, browser_of, safe_next
from gonogo.domain.errors import GonogoError
from gonogo.usecases.access import openid
from gonogo.usecases.context import Context
from gonogo.usecases.openid_policy import SignInRefused

RETURN = "/api/v1/sign-in/openid/return"
_COOKIE = "gonogo_away"
_Text = Annotated[str | None, Query(max_length=8192)]
_REDIRECT: dict[int | str, dict[str, Any]] = {303: {"description": "Where the browser goes on."}}
_log = logging.getLogger(__name__)


def add_openid(application: FastAPI, context: Context, door: Door) -> None:
    """Add the endpoints."""

    @application.get("/api/v1/sign-in", response_model=WaysAnswer)
    async def list_ways_in() -> Any:  # noqa: ANN401
        """By what one can sign in here."""
        return {"password": context.passwords is not None, "openid": context.openid is not None}

    @application.get(
        "/api/v1/sign-in/openid",
        status_code=303,
        response_class=RedirectResponse,
        responses=_REDIRECT,
    )
    async def leave_for_provider(
        request: Request, wanted: Annotated[str | None, Query(alias="next")] = None
    ) -> RedirectResponse:
        """Send the browser to the identity provider; `next` is where it comes back to in the end."""
        begun = await openid.begin(
            context,
            next_=safe_next(wanted),
            return_to=_return_to(request),
            browser=browser_of(request),
        )
        answer = RedirectResponse(begun.address, status_code=303)
        seconds = int(openid.AWAY_FOR.total_seconds())
        answer.raw_headers.append(cookies.cookie(request.scope, _COOKIE, begun.secret, seconds))
        return answer

    @application.get(RETURN, status_code=303, response_class=RedirectResponse, responses=_REDIRECT)
    async def come_back_from_provider(
        request: Request,
        state: _Text = None,
        code: _Text = None,
        iss: _Text = None,
        error: _Text = None,
    ) -> RedirectResponse:
        """Where the identity provider sends the browser back to."""
        returned = openid.Returned(
            cookies.read(request.scope, _COOKIE), state, code, issuer=iss, error=error
        )
        place = await _finished(context, door, request, returned)
        answer = RedirectResponse(place, status_code=303)
        answer.raw_headers.append(cookies.cookie(request.scope, _COOKIE, "", 0))
        return answer


async def _finished(
    context: Context, door: Door, request: Request, returned: openid.Returned
) -> str:
    """Where the browser goes: on, or to the page for signing in, with why."""
    await door.visitor(request)
    try:
        opened, wanted = await openid.finish(
            context, returned, return_to=_return_to(request), browser=browser_of(request)
        )
    except SignInRefused as refused:
        _log.info("a sign-in by an identity provider was refused: %s", refused)
        return f"{SIGN_IN_PAGE}?refused={refused.reason}"
    except GonogoError as trouble:
        _log.warning("a sign-in by an identity provider failed: %s", trouble)
        return f"{SIGN_IN_PAGE}?refused=provider"
    request.state.session_cookie = opened.secret
    return wanted


def _return_to(request: Request) -> str:
    reach: Any = request.state.reach
    base: str = reach.base(request.scope)
    return base + RETURN
