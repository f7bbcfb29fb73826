"""An estimate with its band over time, against what is tolerated: as values, before they are drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm
from gonogo.domain.verdict import Interval, Test
from gonogo.usecases.judging.bands import difference_bands
from gonogo.usecases.judging.forest import Standing, standing_of
from gonogo.web.charts import series
from gonogo.web.wording import number, points


@dataclass(frozen=True, slots=True)
class Banded:
    """One look: canary − baseline as a share, or canary / baseline.

    `interval` is None while too little was seen. `tolerance` is in the same unit, None where nothing
    says what is tolerated.
    """

    at: datetime
    interval: Interval | None
    tolerance: float | None

    @property
    def standing(self) -> Standing:
        """What the band says against the tolerance."""
        if self.tolerance is None:
            return Standing.NOT_MEASURED
        return standing_of(self.interval, self.tolerance)


def difference_over_time(looks: Sequence[Look], kpi: str) -> tuple[Banded, ...]:
    """Canary − baseline after each look, as long as there is a baseline.

    Tolerated is what the strictest test tolerates at the baseline's share so far: (ratio − 1) times
    it, and the limit less it.
    """
    bands = difference_bands(looks, kpi)
    baseline = series.totals(looks, kpi, Arm.BASELINE)
    end = _compared_until(looks, kpi)
    return tuple(
        Banded(look.at, band if place <= end else None, _tolerated(look, kpi, counts.share))
        for place, (look, band, counts) in enumerate(zip(looks, bands, baseline, strict=True))
    )


def _compared_until(looks: Sequence[Look], kpi: str) -> int:
    """The place of the last look with a baseline; after it nothing is compared any more."""
    return max(
        (place for place, look in enumerate(looks) if series.gained(look, kpi, Arm.BASELINE).total),
        default=-1,
    )


def _tolerated(look: Look, kpi: str, baseline: float | None) -> float | None:
    if baseline is None:
        return None
    relative = series.evidence(look, kpi, Test.RELATIVE)
    absolute = series.evidence(look, kpi, Test.ABSOLUTE)
    found = [] if relative is None else [(relative.tolerance - 1) * baseline]
    found += [] if absolute is None else [absolute.tolerance - baseline]
    return min(found, default=None)


def ratio_over_time(looks: Sequence[Look], kpi: str) -> tuple[Banded, ...]:
    """Canary / baseline after each look, as the judge recorded it where it judges the ratio."""
    found = []
    end = _compared_until(looks, kpi)
    for place, look in enumerate(looks):
        said = series.assessment(look, kpi)
        tested = series.evidence(look, kpi, Test.RELATIVE)
        ratio = None if said is None or tested is None or place > end else said.ratio
        if ratio is not None and (math.isnan(ratio.low) or math.isnan(ratio.high)):
            ratio = None
        found.append(Banded(look.at, ratio, None if tested is None else tested.tolerance))
    return tuple(found)


def told_difference(found: Banded | None) -> str:
    """`+2.1 points [1.2, 3.0], tolerated 1.5`."""
    if found is None or found.interval is None:
        return "not measured"
    interval = found.interval
    middle = "" if interval.estimate is None else f"{points(interval.estimate)} "
    limit = "" if found.tolerance is None else f", tolerated {points(found.tolerance)}"
    return f"{middle}[{points(interval.low)}, {points(interval.high)}] points{limit}"


def told_ratio(found: Banded | None) -> str:
    """`2.1 × baseline [1.2, 3.0], tolerated 1.5`."""
    if found is None or found.interval is None:
        return "not measured"
    interval = found.interval
    middle = "" if interval.estimate is None else f"{number(interval.estimate)} "
    limit = "" if found.tolerance is None else f", tolerated {number(found.tolerance)}"
    return f"{middle}[{number(interval.low)}, {number(interval.high)}] × baseline{limit}"


def last(found: Sequence[Banded]) -> Banded | None:
    """The last look that has a band."""
    return next((one for one in reversed(found) if one.interval is not None), None)
