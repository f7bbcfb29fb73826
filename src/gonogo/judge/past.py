"""After promotion: is the version worse than what was recorded of the service before?

Nobody is left to compare with at the same time, so all that the baseline had in this rollout stands in
for it. Two errors can be made, and each has half of the test's level: the past share may be higher than
its upper confidence bound says, and the absolute test against `ratio` times that bound may fail by
chance.

Guarantee: as long as the version's share of bad requests is at most `ratio` times the baseline's share
over the rollout, the test reaches its threshold with a chance of at most its level, however often it is
looked at and whenever the rollout ended (the bound holds at every length).

Assumes that time changes nothing: what makes every version worse after promotion (another time of day,
a dependency that fails) looks like a fault of this one. A concurrent baseline cancels that; the past
cannot. So the test may only stop a release where the plan says so, and it ends after a while.
"""

from functools import lru_cache

from gonogo.domain.traffic import Counts
from gonogo.domain.verdict import Judgement, Test
from gonogo.judge.alternatives import AbsoluteGrid, absolute_grid
from gonogo.judge.intervals import share_interval

HALF = 0.5  # of the level goes to the bound on the past, the rest to the test against it
MOST_TOLERATED = 0.6  # beyond this share nothing is worth calling worse


def tolerated_share(ratio: float, past: Counts, level: float) -> float | None:
    """The highest tolerated share of bad requests, at this level; None where nothing can be said."""
    if not past.total:
        return None
    tolerated = ratio * share_interval(past.bad, past.total, HALF * level).high
    return tolerated if tolerated < MOST_TOLERATED else None


@lru_cache(maxsize=64)
def past_grid(tolerated: float) -> AbsoluteGrid:
    """The points of the absolute test against this share."""
    return absolute_grid(tolerated)


def worse_than_past(judgement: Judgement) -> str | None:
    """What people should be told: a ratio is broken against the past, and that may not stop it."""
    return next(
        (
            kpi.sentence
            for kpi in judgement.kpis
            for each in kpi.evidence
            if each.test is Test.PAST and not each.alpha and each.log10_e >= each.threshold
        ),
        None,
    )
