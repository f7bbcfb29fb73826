"""Signing in and out, one's sessions, one's password, and one-time links."""

from typing import Any

from fastapi import FastAPI, Request, Response

from gonogo.api.answers.people import (
    ChangedPassword,
    EndedAnswer,
    InvitationAnswer,
    NewInvitation,
    SessionAnswer,
    SignedInAnswer,
    UnlinkedAnswer,
)
from gonogo.api.bodies import (
    AcceptBody,
    InvitationBody,
    PasswordBody,
    SignInBody,
    SignOutBody,
)
from gonogo.api.door import Door, browser_of, own_session
from gonogo.api.openid import add_openid
from gonogo.domain.actor import Actor
from gonogo.usecases.access import invitations, openid, sessions, sign_in
from gonogo.usecases.access.people import actor_view
from gonogo.usecases.access.sessions import Opened
from gonogo.usecases.context import Context


def add_sessions(application: FastAPI, context: Context, door: Door, actor: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks. Signing in and using a link take no proof before."""

    @application.post("/api/v1/sign-in", response_model=SignedInAnswer)
    async def sign_in_here(body: SignInBody, request: Request) -> Any:  # noqa: ANN401
        """By a name and a password; the session's cookie comes with the answer."""
        await door.visitor(request)
        opened = await sign_in.sign_in(
            context, name=body.name, password=body.password, browser=browser_of(request)
        )
        return signed_in(request, opened)

    @application.post("/api/v1/sign-out", response_model=EndedAnswer)
    async def sign_out(body: SignOutBody, request: Request, who: Actor = actor) -> Any:  # noqa: ANN401
        """End this session, or all of one's own."""
        present = own_session(request)
        ended = await sessions.sign_out(context, who, session=None if body.everywhere else present)
        request.state.session_cookie = ""
        return {"ended": ended}

    @application.get("/api/v1/sessions", response_model=list[SessionAnswer])
    async def list_sessions(request: Request, who: Actor = actor) -> Any:  # noqa: ANN401
        """One's own sessions, the newest first. A request with a token gets 409: it has none."""
        return await sessions.sessions_view(context, who, present=own_session(request))

    @application.delete("/api/v1/sessions/{session_id}", response_model=EndedAnswer)
    async def end_session(session_id: str, request: Request, who: Actor = actor) -> Any:  # noqa: ANN401
        """End one of one's own sessions."""
        present = own_session(request)
        await sessions.end_session(context, who, session=session_id)
        if session_id == present:
            request.state.session_cookie = ""
        return {"ended": 1}

    @application.post("/api/v1/password", response_model=ChangedPassword)
    async def change_password(body: PasswordBody, request: Request, who: Actor = actor) -> Any:  # noqa: ANN401
        """Change one's own password; one's other sessions end."""
        await sign_in.change_password(
            context, who, present=body.present, wanted=body.wanted, session=own_session(request)
        )
        return {"password": "changed"}

    _invitations(application, context, door, actor)
    add_openid(application, context, door)


def _invitations(application: FastAPI, context: Context, door: Door, actor: Any) -> None:  # noqa: ANN401
    @application.post(
        "/api/v1/people/{name}/invitations", status_code=201, response_model=NewInvitation
    )
    async def invite_person(
        name: str, request: Request, response: Response, who: Actor = actor
    ) -> Any:  # noqa: ANN401
        """A one-time link by which somebody chooses a password. It is told this once."""
        invited = await invitations.invite(context, who, name=name)
        response.headers["Cache-Control"] = "no-store"
        link = request.state.reach.base(request.scope) + invited.path
        return {**invitations.invitation_view(invited.invitation), "link": link}

    @application.delete("/api/v1/people/{name}/identities", response_model=UnlinkedAnswer)
    async def unlink_person(name: str, who: Actor = actor) -> Any:  # noqa: ANN401
        """Take somebody's accounts elsewhere from them."""
        return {"unlinked": await openid.unlink(context, who, name=name)}

    @application.post("/api/v1/invitations/shown", response_model=InvitationAnswer)
    async def show_invitation(body: InvitationBody, request: Request) -> Any:  # noqa: ANN401
        """What a one-time link is for."""
        found = await invitations.look_at(
            context, secret=body.invitation, browser=browser_of(request)
        )
        return invitations.invitation_view(found)

    @application.post(
        "/api/v1/invitations/accepted", status_code=201, response_model=SignedInAnswer
    )
    async def accept_invitation(body: AcceptBody, request: Request) -> Any:  # noqa: ANN401
        """Choose a password by a one-time link, and be signed in."""
        await door.visitor(request)
        opened = await invitations.accept(
            context,
            secret=body.invitation,
            password=body.password,
            name=body.name,
            browser=browser_of(request),
        )
        return signed_in(request, opened)


def signed_in(request: Request, opened: Opened) -> dict[str, Any]:
    """Give the browser its session; who it is now, and what its forms have to carry."""
    request.state.session_cookie = opened.secret
    if opened.known_as is not None:
        request.state.known_cookie = opened.known_as
    return {**actor_view(opened.person.actor), "csrf_token": opened.session.csrf}
