"""The application: `orders.app:app` for a server, `create_app` for a test."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from orders import answers
from orders.database import Database
from orders.routes import ROUTERS
from orders.settings import Settings


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.database = Database(app.state.settings.database_url)
    yield
    app.state.database.close()


def create_app(settings: Settings) -> FastAPI:
    """Put the parts together. The database is opened when the application starts."""
    app = FastAPI(title="Orders", version=settings.version, lifespan=_lifespan)
    app.state.settings = settings
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, answers.refused)
    app.add_exception_handler(RequestValidationError, answers.malformed)
    app.add_middleware(answers.Versioned, version=settings.version)
    return app


app = create_app(Settings.from_environ(os.environ))
