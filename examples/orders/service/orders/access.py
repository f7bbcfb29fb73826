"""Signing in, and who is asking."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy import select

from orders import passwords, tokens
from orders.answers import as_json
from orders.database import Database
from orders.messages import Credentials, Session
from orders.settings import Settings
from orders.tables import users

router = APIRouter(tags=["access"])


# The dependencies are coroutines although they await nothing: FastAPI sends a plain function to
# another thread, which costs more than what these do.
async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


TheDatabase = Annotated[Database, Depends(_database)]
TheSettings = Annotated[Settings, Depends(_settings)]


async def _signed_in(request: Request, settings: TheSettings) -> int:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    user = tokens.bearer(token, settings.secret, time.time()) if scheme == "Bearer" else None
    if user is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    return user


SignedIn = Annotated[int, Depends(_signed_in)]


@router.post("/login", response_model=Session)
def log_in(credentials: Credentials, database: TheDatabase, settings: TheSettings) -> Response:
    """Exchange an e-mail address and a password for a token."""
    wanted = select(users.c.id, users.c.name, users.c.password)
    with database.reading() as connection:
        user = connection.execute(wanted.where(users.c.email == credentials.email)).first()
    if user is None or not passwords.matches(credentials.password, user.password):
        raise HTTPException(401, "no such user or password")
    session = Session(
        token=tokens.issue(user.id, settings.secret, time.time()),
        expires_in=tokens.LIFETIME_SECONDS,
        name=user.name,
    )
    return as_json(session)
