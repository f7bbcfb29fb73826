"""Regions: the parts of pages that change while somebody looks.

A region is rendered from what is stored and from nothing of who looks, so that one rendering serves
every reader of the same language, zone and digits. A page includes its regions when it is asked for;
the live connection sends one again when what it shows has changed. What depends on the visitor
(buttons, forms) stands outside of regions, or is shown and hidden by `data-…` marks of the region.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gonogo.usecases.context import Context


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: something of this release or service (None: of the desk), as entry `sequence`."""

    sequence: int
    release: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """`name` is what pages watch; a region about one thing is watched as `name:argument`.

    `read` gives the template's values for an argument ("" where there is none) and, under the key
    `data`, optional plain data for the page's charts. It raises NotFound for an unknown argument.
    `concerns` tells whether something stored may have changed what is shown; when in doubt, True.
    """

    name: str
    template: str
    read: Callable[[Context, str], Awaitable[Mapping[str, object]]]
    concerns: Callable[[Stored, str], bool] = field(default=lambda _stored, _argument: True)


REGIONS: dict[str, Region] = {}
"""Every region by name. Each page's file adds its own; an unknown name is refused at the live door."""


def add_region(region: Region) -> Region:
    """Put a region into the table. Raises ValueError when its name is taken."""
    if region.name in REGIONS:
        raise ValueError(f"there is a region {region.name} already")
    REGIONS[region.name] = region
    return region
