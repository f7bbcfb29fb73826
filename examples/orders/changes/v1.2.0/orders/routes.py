"""Everything the service answers to. The order matters: the first that fits a path takes it."""

from fastapi import APIRouter

from orders import access, creation, export, health, reading, tracking

api = APIRouter(prefix="/api/v1")
for part in (access, creation, export, reading, tracking):
    api.include_router(part.router)

ROUTERS = (health.router, api)
