"""Whether this process can do its work, and which version it is."""

import logging

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from orders.access import TheDatabase, TheSettings
from orders.tables import orders

router = APIRouter(tags=["operations"])
log = logging.getLogger("orders")


@router.get("/health")
def health(database: TheDatabase, settings: TheSettings) -> JSONResponse:
    """200 when the orders can be read, 503 when they cannot."""
    try:
        with database.reading() as connection:
            connection.execute(select(orders.c.id).limit(1)).first()
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", error)
        body = {"status": "unavailable", "version": settings.version, "error": "no database"}
        return JSONResponse(body, status_code=503)
    return JSONResponse({"status": "ok", "version": settings.version})


@router.get("/version")
async def version(settings: TheSettings) -> dict[str, str]:
    """The version alone."""
    return {"version": settings.version}
