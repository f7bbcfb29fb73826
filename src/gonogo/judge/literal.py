"""Literal rollback criteria: the share of bad requests in a sliding window, taken at its word.

A literal criterion is a promise as its signer wrote it ("more than 5 % errors within 30 min"). It
stands outside the false-alarm budget: a good version may meet it by accident, and that is what was
signed. Time comes in with the counts. The window is kept as at most BUCKETS buckets, so its state is
bounded; a bucket leaves the window when its newest moment has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gonogo.domain.plan import CriterionMode, RollbackCriterion
from gonogo.domain.traffic import Counts
from gonogo.judge.sentences import percent

BUCKETS = 3600
SHORTEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts of one stretch of time; `newest` is the latest moment in it."""

    start: datetime
    newest: datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class LiteralWindow:
    """One criterion with what its window holds, and the sentence with which it fired, if it has."""

    criterion: RollbackCriterion
    buckets: tuple[Bucket, ...] = ()
    counts: Counts = field(default_factory=Counts)
    fired: str | None = None


LiteralState = tuple[LiteralWindow, ...]


def begin_literal(criteria: Sequence[RollbackCriterion]) -> LiteralState:
    """Empty windows for the literal ones among `criteria`."""
    return tuple(LiteralWindow(one) for one in criteria if one.mode is CriterionMode.LITERAL)


def observe_literal(
    state: LiteralState, at: datetime, counts: Mapping[str, Counts]
) -> LiteralState:
    """The windows at `at`, after adding the counts of each criterion by name.

    A moment before the newest one counts as the newest: time never runs backwards in a window.
    """
    return tuple(_advance(window, at, counts.get(window.criterion.name)) for window in state)


def fired(state: LiteralState) -> str | None:
    """The sentence of the first criterion that was ever met, or None."""
    return next((window.fired for window in state if window.fired is not None), None)


def _advance(window: LiteralWindow, at: datetime, gained: Counts | None) -> LiteralWindow:
    criterion, buckets, counts = window.criterion, window.buckets, window.counts
    if buckets:
        at = max(at, buckets[-1].newest)
    if gained is not None and gained.total:
        counts += gained
        width = max(SHORTEST, criterion.window / BUCKETS)
        if buckets and at - buckets[-1].start < width:
            last = buckets[-1]
            buckets = (*buckets[:-1], Bucket(last.start, at, last.counts + gained))
        else:
            buckets = (*buckets, Bucket(at, at, gained))
    gone = 0
    while gone < len(buckets) and at - buckets[gone].newest > criterion.window:
        left = buckets[gone].counts
        counts = Counts(counts.bad - left.bad, counts.total - left.total)
        gone += 1
    sentence = window.fired
    if sentence is None and gained is not None:
        sentence = _met(criterion, counts)
    return LiteralWindow(criterion, buckets[gone:], counts, sentence)


def _met(criterion: RollbackCriterion, counts: Counts) -> str | None:
    if (
        counts.total < max(1, criterion.minimum_requests)
        or counts.bad <= criterion.limit * counts.total
    ):
        return None
    return (
        f"{criterion.name}: {counts.bad:,} of {counts.total:,} requests bad "
        f"({percent(counts.bad / counts.total)}) within {_spoken(criterion.window)}, "
        f"more than the {percent(criterion.limit)} agreed"
    )


def _spoken(window: timedelta) -> str:
    seconds = window.total_seconds()
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
