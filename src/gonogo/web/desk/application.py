"""Puts the desk's pages on the application that the API is on."""

from fastapi import FastAPI

from gonogo.usecases.context import Context
from gonogo.web.desk.assets import add_assets, folder
from gonogo.web.desk.pages import board
from gonogo.web.desk.site import SeenBy, Site


def add_desk(application: FastAPI, context: Context, visitor: SeenBy) -> Site:
    """Add every page, and what pages load. Raises Unavailable when files from npm are missing."""
    folder()
    site = Site(context, visitor)
    add_assets(application)
    board.add(application, site)
    return site
