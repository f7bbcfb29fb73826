"""A release's whole story, and the figures that are told of it, each from what was recorded.

A figure that was not recorded is None, never 0: a report that guesses is worse than one with a hole.
Stretches with a gap count for nothing, because what was measured in them was dropped.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.domain.audit import AuditEntry
from gonogo.domain.journal import JournalEntry
from gonogo.domain.look import Look
from gonogo.domain.release import Release
from gonogo.domain.traffic import Counts
from gonogo.domain.verdict import Verdict

DECISIONS = frozenset({"judge:release:fail", "criterion:release:fail", "deployer:release:fail"})
"""The entries that say what was found harmful: by the judge, a signed criterion, a version's death."""
OUT_OF_ROTATION = "rollback:traffic:confirmed"
PERSON = "person:release:"


@dataclass(frozen=True, slots=True)
class Story:
    """Everything recorded of one release, in order, as of `at`."""

    release: Release
    looks: tuple[Look, ...]
    audit: tuple[AuditEntry, ...]
    journal: tuple[JournalEntry, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of one release. None: not recorded.

    `outcome` is the stage it stands in; `reasons` are sentences, the judge's first.

    `canary_requests` is the number of judged requests on the canary arm: a request may belong to
    several KPIs or to none, so it is the total of the KPI that counted most canary events, and a
    lower bound where no KPI looks at every request. `canary_bad` likewise is the total of the KPI
    with the most bad canary events. `customers_hurt` counts distinct digests.
    `canary_requests_to_decision` is `canary_requests` up to and with the deciding look.

    `first_bad_at` is when the first bad canary answer was counted (the end of the first look that
    holds one, where the moment itself was not noted), `decided_at` when the evidence
    crossed its limit, `weight_zero_at` when the router was read back with the canary out of
    rotation. `exposure_share` is the highest planned share of customers, 0 to 1.
    """

    outcome: str
    reasons: tuple[str, ...]
    canary_requests: int | None
    canary_bad: int | None
    customers_hurt: int | None
    canary_requests_to_decision: int | None
    first_bad_at: datetime | None
    decided_at: datetime | None
    weight_zero_at: datetime | None
    seconds_bad_to_weight_zero: float | None
    seconds_decision_to_weight_zero: float | None
    exposure_share: float | None


def figures(story: Story) -> Figures:
    """The figures of a release, each from what was recorded of it."""
    looks = story.looks
    decision = first_entry(story.audit, DECISIONS)
    out = first_entry(story.audit, {OUT_OF_ROTATION})
    noted = recorded_time(decision, "first_bad_at") if decision else None
    first_bad_at = noted or next((look.at for look in looks if _canary_bad(look)), None)
    decided_at = recorded_time(decision) if decision else None
    weight_zero_at = recorded_time(out) if out else None
    measured = bool(looks) or not story.release.exposed
    busiest = _busiest_kpi(looks, lambda canary: canary.total)
    worst = _busiest_kpi(looks, lambda canary: canary.bad)
    return Figures(
        outcome=story.release.stage.value,
        reasons=_reasons(story),
        canary_requests=canary_counts(looks, busiest).total if measured else None,
        canary_bad=canary_counts(looks, worst).bad if measured else None,
        customers_hurt=len({digest for look in looks for digest in look.hurt})
        if measured
        else None,
        canary_requests_to_decision=_requests_to_decision(story, busiest, decided_at),
        first_bad_at=first_bad_at,
        decided_at=decided_at,
        weight_zero_at=weight_zero_at,
        seconds_bad_to_weight_zero=_seconds(first_bad_at, weight_zero_at),
        seconds_decision_to_weight_zero=_seconds(decided_at, weight_zero_at),
        exposure_share=max((look.share for look in looks), default=0.0) if measured else None,
    )


def deciding_look(story: Story) -> Look | None:
    """The first look at which the evidence of harm had crossed its limit, or None."""
    return next((look for look in story.looks if look.judgement.verdict is Verdict.FAIL), None)


def closing_look(story: Story) -> Look | None:
    """The look that a reader judges the judge by: the deciding one, or else the last."""
    return deciding_look(story) or (story.looks[-1] if story.looks else None)


def canary_counts(looks: Iterable[Look], kpi: str | None) -> Counts:
    """What one KPI counted on the canary arm over these looks, gaps left out."""
    total = Counts()
    for look in looks:
        for increment in look.increments if look.gap is None else ():
            if increment.kpi == kpi:
                total += increment.canary
    return total


def busiest_kpi(looks: Iterable[Look]) -> str | None:
    """The KPI that counted most canary events, the first of equals; None before the first look."""
    return _busiest_kpi(looks, lambda canary: canary.total)


def _busiest_kpi(looks: Iterable[Look], size: Callable[[Counts], int]) -> str | None:
    totals: dict[str, int] = {}
    for look in looks:
        for increment in look.increments if look.gap is None else ():
            totals[increment.kpi] = totals.get(increment.kpi, 0) + size(increment.canary)
    return max(totals, key=totals.__getitem__, default=None)


def _canary_bad(look: Look) -> bool:
    return look.gap is None and any(increment.canary.bad for increment in look.increments)


def _requests_to_decision(story: Story, kpi: str | None, decided_at: datetime | None) -> int | None:
    deciding = deciding_look(story)
    if deciding is not None:
        upto = story.looks[: story.looks.index(deciding) + 1]
    elif decided_at is not None and story.looks:
        upto = tuple(look for look in story.looks if look.at <= decided_at)
    else:
        return None
    return canary_counts(upto, kpi).total


def _reasons(story: Story) -> tuple[str, ...]:
    judge = [entry.data.get("sentence") for entry in story.audit if entry.action in DECISIONS]
    people = [
        entry.data.get("reason")
        for entry in story.audit
        if entry.action in {f"{PERSON}roll_back", f"{PERSON}abort", f"{PERSON}reject"}
    ]
    told = [reason for reason in (*judge, *people, story.release.reason) if reason]
    return tuple(dict.fromkeys(reason for reason in told if isinstance(reason, str)))


def first_entry(audit: Iterable[AuditEntry], actions: Collection[str]) -> AuditEntry | None:
    """The first entry with one of these actions."""
    return next((entry for entry in audit if entry.action in actions), None)


def recorded_time(entry: AuditEntry, key: str = "at") -> datetime | None:
    """When what an entry tells of happened, from its data; None when that was not written down.

    The entry's own `at` is when it was stored, which is later. A time without a zone is UTC.
    """
    text = entry.data.get(key)
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Seconds between two recorded times; None when either is missing or the clock went back."""
    if start is None or end is None or end < start:
        return None
    return (end - start).total_seconds()
