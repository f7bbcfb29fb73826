"""Regions: the parts of pages that change while somebody looks.

A region is rendered from what is stored and from nothing of who looks, so that one rendering serves
every reader of the same language, zone and digits. A page includes its regions when it is asked for;
the live connection sends one again when what it shows has changed. What depends on the visitor
(buttons, forms) stands outside of regions, or is shown and hidden by `data-…` marks of the region.

What a page's modules can rely on (static/live.js):

- `<div class="live" data-live="name:argument">` is kept as the desk stores it, also where htmx or a
  module adds it later. New content is morphed in: focus, selection, scroll, open `<details>` and
  what is being typed stay.
- An element marked `data-kept` keeps its inside: what a module has drawn there is left alone. Give it
  an id, so that it is known again.
- `gonogo:arrives` (on that element, bubbles; `detail.content` is a DocumentFragment) comes before new
  content is morphed in: the place to arrange it for this visitor.
- `gonogo:shown` (likewise, `detail.region`) comes afterwards.
- `gonogo:data` (on the element, bubbles; `detail.region`, `detail.data`, `detail.sequence`) brings a
  region's `data`, also the first time, shortly after the page was opened.
- `gonogo:gone` (`detail.region`): there is no such thing any more.
"""

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gonogo.usecases.context import Context


@dataclass(frozen=True, slots=True)
class Stored:
    """Something was stored: of this release, of this service, or of anything (both None).

    Either may be unknown where the other is given. `sequence` is its audit entry, 0 where it has none
    (a look of the judge).
    """

    sequence: int
    release: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """`name` is what pages watch; a region about one thing is watched as `name:argument`.

    `read` gives the template's values for an argument ("" where there is none) and, under the key
    `data`, optional plain data for the page's charts. It raises NotFound for an unknown argument.
    Values that compare equal to the last ones are not rendered again: give frozen values, and moments
    instead of ages.
    `concerns` tells whether something stored may have changed what is shown; when in doubt, True. It is
    not asked about what may have changed anything.
    `every`: it is read again after so many seconds, whether or not something was stored.
    """

    name: str
    template: str
    read: Callable[[Context, str], Awaitable[Mapping[str, object]]]
    concerns: Callable[[Stored, str], bool] = field(default=lambda _stored, _argument: True)
    every: float | None = None


REGIONS: dict[str, Region] = {}
"""Every region by name. Each page's file adds its own; an unknown name is refused at the live door."""


def add_region(region: Region) -> Region:
    """Put a region into the table. Raises ValueError when its name is taken."""
    if region.name in REGIONS:
        raise ValueError(f"there is a region {region.name} already")
    REGIONS[region.name] = region
    return region


def digest(html: str, data: object) -> str:
    """What tells one content of a region from another."""
    text = html if data is None else html + json.dumps(data)
    return hashlib.blake2s(text.encode(errors="replace"), digest_size=8).hexdigest()


def plain_data(data: Any) -> Any:  # noqa: ANN401 - JSON
    """The same data with null where JSON has no such number."""
    with contextlib.suppress(ValueError):
        json.dumps(data, allow_nan=False)
        return data
    if isinstance(data, Mapping):
        return {key: plain_data(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain_data(value) for value in data]
    return None
