"""Bands around what was recorded: the judge's part of the charts, as values of looks."""

from collections.abc import Sequence

from gonogo.domain.latency import Latencies, summed
from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, Increment
from gonogo.domain.verdict import Interval
from gonogo.judge.difference import MINIMUM as COMPARED_FROM
from gonogo.judge.difference import differences
from gonogo.judge.distribution import MINIMUM as TIMED_FROM
from gonogo.judge.distribution import Distribution, distribution

__all__ = ["COMPARED_FROM", "TIMED_FROM", "Distribution", "difference_bands", "distributions"]


def difference_bands(looks: Sequence[Look], kpi: str) -> tuple[Interval | None, ...]:
    """Canary − baseline of one KPI after each look, as shares; None below COMPARED_FROM requests.

    Stretches with a gap count for nothing.
    """
    return tuple(differences(_gained(look, kpi) for look in looks))


def _gained(look: Look, kpi: str) -> Increment:
    total = Increment(kpi)
    for each in look.increments if look.gap is None else ():
        if each.kpi == kpi:
            total = Increment(kpi, total.baseline + each.baseline, total.canary + each.canary)
    return total


def distributions(looks: Sequence[Look]) -> dict[Arm, Distribution]:
    """How long each arm's judged requests took, over all looks; an arm without any is left out."""
    timed = [look.latencies for look in looks if look.latencies is not None and look.gap is None]
    whole: dict[Arm, Latencies] = {
        Arm.BASELINE: summed(each.baseline for each in timed),
        Arm.CANARY: summed(each.canary for each in timed),
    }
    return {arm: distribution(found) for arm, found in whole.items() if found.total}
