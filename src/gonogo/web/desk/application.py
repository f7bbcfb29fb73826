"""Puts the desk's pages on the application that the API is on."""

from fastapi import FastAPI

from gonogo.usecases.context import Context
from gonogo.web.desk.assets import add_assets, folder
from gonogo.web.desk.hub import Hub
from gonogo.web.desk.live import Allowed, add_live, programs_only
from gonogo.web.desk.pages import (
    audit,
    board,
    flags,
    health,
    history,
    people,
    release,
    service,
    settings,
    sign_in,
    sign_off,
    version,
)
from gonogo.web.desk.site import SeenBy, Site
from gonogo.web.desk.troubles import Troubles
from gonogo.web.desk.visitor import Entrance


def add_desk(
    application: FastAPI,
    context: Context,
    visitor: SeenBy,
    allowed: Allowed = programs_only,
    entrance: Entrance | None = None,
) -> Site:
    """Add every page, what pages load, and the live connection, which pages of `allowed` origins have.

    Without `entrance` nobody can sign in here.

    Raises Unavailable when files from npm are missing.
    """
    folder()
    site = Site(context, visitor)
    # Outside of all that was added before: what refuses a request does not know who reads the refusal.
    application.add_middleware(Troubles, site=site)
    add_assets(application)
    add_live(application, site, Hub(context), allowed)
    board.add(application, site)
    health.add(application, site)
    audit.add(application, site)
    flags.add(application, site)
    history.add(application, site)
    people.add(application, site)
    release.add(application, site)
    sign_off.add(application, site)
    version.add(application, site)
    service.add(application, site)
    if entrance is not None:
        settings.add(application, site, entrance)
        sign_in.add(application, site, entrance)
    return site
