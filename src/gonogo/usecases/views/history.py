"""What became of releases: searched, counted, and given out as tables of any length."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from gonogo.domain.actor import Actor
from gonogo.domain.errors import GonogoError
from gonogo.domain.release import Stage
from gonogo.domain.release_line import ReleaseLine, ReleaseSearch
from gonogo.domain.story import OUT_OF_ROTATION, figures
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases.lifecycle import find_release, tell_story
from gonogo.usecases.views.listings import Page

WINDOW = timedelta(days=90)
_AT_ONCE = 1000
_MOST_COMMITS = 300
_MOST_STORIES = 50
_BACK = "desk:release:rolling_back"


@dataclass(frozen=True, slots=True)
class Dora:
    """The four figures of one window; None where nothing was there to be measured.

    `frequency`: releases that all customers were given and kept, for each week. `lead_time`: the median
    from a version's commit to the end of its release, over the releases whose commit could be read
    (`lead_times` of `released`). `failure_share`: releases that were taken back from customers, of all
    that reached them. `restore_time`: the median from the first bad answer (or, where none was counted,
    from the decision to go back) until all customers were read back on the version before
    (`restores` of `failed`).
    """

    since: datetime
    until: datetime
    released: int
    failed: int
    frequency: float
    lead_time: timedelta | None
    lead_times: int
    failure_share: float | None
    restore_time: timedelta | None
    restores: int


async def history_page(context: Context, actor: Actor, search: ReleaseSearch) -> Page[ReleaseLine]:
    """Releases that fit, the last opened first; `search.before` is where the page before ended."""
    allow(actor, Deed.LOOK)
    found = await context.store.lines(replace(search, limit=search.limit + 1))
    shown = found[: search.limit]
    return Page(shown, str(shown[-1].number) if len(found) > search.limit else None)


async def every_line(
    context: Context, actor: Actor, search: ReleaseSearch
) -> AsyncIterator[Sequence[ReleaseLine]]:
    """All that fit, some at a time, however many there are: memory does not grow with them."""
    allow(actor, Deed.LOOK)
    search = replace(search, limit=_AT_ONCE)
    while found := await context.store.lines(search):
        yield found
        search = replace(search, before=found[-1].number)


async def dora(
    context: Context, actor: Actor, *, service: str | None = None, window: timedelta = WINDOW
) -> Dora:
    """The figures of the releases that were opened within the window before now."""
    now = context.clock.now()
    search = ReleaseSearch(service=service, since=now - window)
    released: list[ReleaseLine] = []
    failed: list[ReleaseLine] = []
    async for lines in every_line(context, actor, search):
        released += [each for each in lines if each.stage is Stage.RELEASED]
        failed += [each for each in lines if each.stage is Stage.ROLLED_BACK and each.exposed]
    leads = await _lead_times(context, released[:_MOST_COMMITS])
    restores = [
        took
        for each in failed[:_MOST_STORIES]
        if (took := await _restored_within(context, each)) is not None
    ]
    reached = len(released) + len(failed)
    return Dora(
        since=now - window,
        until=now,
        released=len(released),
        failed=len(failed),
        frequency=len(released) / (window / timedelta(days=7)),
        lead_time=_middle(leads),
        lead_times=len(leads),
        failure_share=len(failed) / reached if reached else None,
        restore_time=_middle(restores),
        restores=len(restores),
    )


def _middle(spans: Sequence[timedelta]) -> timedelta | None:
    """The median."""
    return timedelta(seconds=median(span.total_seconds() for span in spans)) if spans else None


async def _lead_times(context: Context, released: Sequence[ReleaseLine]) -> list[timedelta]:
    found: list[timedelta] = []
    if context.history is None:
        return found
    repositories = {each.service: each.repository for each in await context.store.registrations()}
    for line in released:
        try:
            repository = repositories[line.service]
            merges = await context.history.merges(repository, line.commit, limit=1)
        except (KeyError, GonogoError):
            # A service or a commit that is gone has no time any more; the figure says of how many it is.
            continue
        found += [line.stage_since - each.commit.at for each in merges[:1]]
    return found


async def _restored_within(context: Context, line: ReleaseLine) -> timedelta | None:
    story = await tell_story(context, await find_release(context, line.id))
    told = figures(story)
    if told.first_bad_at is not None and told.weight_zero_at is not None:
        return told.weight_zero_at - told.first_bad_at
    began = next((each.at for each in story.audit if each.action == _BACK), None)
    ended = next((each.at for each in story.audit if each.action == OUT_OF_ROTATION), None)
    return None if began is None or ended is None else ended - began
