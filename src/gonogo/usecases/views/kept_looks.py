"""The looks of releases that somebody watches, kept so that each is read from the store once.

A page that is pushed several times a second must not read thousands of looks each time. Looks are only
ever added, so what was read stays true; the releases that were asked for last are kept, and a store
that nobody holds any more takes its looks with it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from gonogo.domain.look import Look
from gonogo.domain.release import Release
from gonogo.domain.story import Story
from gonogo.ports.store import Store
from gonogo.usecases.context import Context
from gonogo.usecases.views.release_series import Series

MOST_RELEASES = 8


@dataclass(slots=True)
class _Kept:
    after: int = 0
    looks: list[Look] = field(default_factory=list)
    series: Series = field(default_factory=Series)


_KEPT: WeakKeyDictionary[Store, OrderedDict[str, _Kept]] = WeakKeyDictionary()


async def looks_of(context: Context, release_id: str) -> tuple[Look, ...]:
    """Every recorded look of a release, in order."""
    return tuple((await _kept(context, release_id)).looks)


async def series_of(context: Context, release_id: str) -> Series:
    """What charts of a release show; it belongs to whoever keeps it and is not to be added to."""
    return (await _kept(context, release_id)).series


async def _kept(context: Context, release_id: str) -> _Kept:
    of_store = _KEPT.setdefault(context.store, OrderedDict())
    kept = of_store.setdefault(release_id, _Kept())
    of_store.move_to_end(release_id)
    while len(of_store) > MOST_RELEASES:
        of_store.popitem(last=False)
    for number, look in await context.store.looks_after(release_id, kept.after):
        # Somebody else may have read the same ones meanwhile.
        if number > kept.after:
            kept.after = number
            kept.looks.append(look)
            kept.series.add(look)
    return kept


async def watched_story(context: Context, release: Release) -> Story:
    """Everything recorded of one release, its looks from what is kept."""
    return Story(
        release=release,
        looks=await looks_of(context, release.id),
        audit=tuple([entry async for entry in context.store.entries(subject=release.id)]),
        journal=await context.store.journal(release.id),
        at=context.clock.now(),
    )
