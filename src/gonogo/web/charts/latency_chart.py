"""How long answers took: the share of requests answered within a time, for both arms."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from gonogo.domain.traffic import Arm
from gonogo.usecases.judging.bands import TIMED_FROM, Distribution
from gonogo.web.charts import svg
from gonogo.web.charts.frame import AXIS, INSET, LABELS
from gonogo.web.charts.scale import Scale, grid
from gonogo.web.wording import count, seconds

HEIGHT = 230
_MARKS = (0.5, 0.95, 0.99, 0.999)
_NAMED = {0.5: "p50", 0.95: "p95", 0.99: "p99", 0.999: "99.9 %"}


def latency(found: Mapping[Arm, Distribution], limits: Sequence[float] = ()) -> Markup:
    """The chart as an SVG string. Across: seconds, logarithmic. Up: the share answered within them.

    Each step up is a tenth of what was left (50, 90, 99 %), so that slow answers can be seen. A band
    is drawn from `TIMED_FROM` requests on. `limits` are the seconds that KPIs call slow, dotted.
    """
    shown = {arm: one for arm, one in found.items() if len(one.rungs) > 1}
    if not shown:
        return svg.nothing("No answer was timed.")
    across = _across(shown, limits)
    scale = Scale(0.0, _top(shown), HEIGHT)
    drawn = grid(
        scale, [(nines(mark), _NAMED[mark]) for mark in _MARKS if nines(mark) <= scale.high]
    )
    for limit in limits:
        x = across(limit)
        drawn.append(svg.line(x, 0, x, HEIGHT, "limit"))
        drawn.append(
            svg.text(f"slow from {seconds(limit)}", x - 0.8, HEIGHT - 6, "limit-text", "end")
        )
    paths: list[Markup] = []
    for arm in (Arm.BASELINE, Arm.CANARY):
        if arm in shown:
            paths += _paths(arm, shown[arm], across, scale)
    drawn.append(svg.stretched(HEIGHT, paths))
    drawn += _axis(across)
    sentence = "Share of requests answered within a time: " + "; ".join(
        told(arm, one) for arm, one in shown.items()
    )
    return svg.drawing(HEIGHT + AXIS, f"{sentence}.", drawn)


def told(arm: Arm, found: Distribution) -> str:
    """`canary 50 % within 0.041 s, 95 % within 0.2 s (61 requests)`."""
    known = [
        f"{one.part:.0%} within {seconds(one.estimate)}"
        for one in found.quantiles
        if one.estimate is not None
    ]
    requests = f"{count(found.total)} {'request' if found.total == 1 else 'requests'}"
    return f"{arm.value} {', '.join(known) or 'not enough'} ({requests})"


def nines(share: float) -> float:
    """How many tenths of tenths are left beyond a share: 0 at 0, 1 at 90 %, 2 at 99 %."""
    return -math.log10(max(1 - share, 1e-9))


def _top(found: Mapping[Arm, Distribution]) -> float:
    """High enough for what the larger arm can tell."""
    return min(3.3, max(2.15, math.log10(max(one.total for one in found.values()))))


class _Across:
    """Places of durations, logarithmic, in per cent of the width."""

    def __init__(self, shortest: float, longest: float) -> None:
        self.shortest, self.longest = shortest, longest

    def __call__(self, value: float) -> float:
        span = math.log(self.longest / self.shortest)
        part = math.log(max(value, self.shortest) / self.shortest) / span
        return LABELS + (100 - LABELS - INSET) * min(1.0, part)


def _across(found: Mapping[Arm, Distribution], limits: Sequence[float]) -> _Across:
    """From where the first hundredth was answered to the slowest answer."""
    starts = [
        next(rung.seconds for rung in one.rungs[1:] if rung.share >= 0.005)
        if one.rungs[-1].share >= 0.005
        else one.rungs[1].seconds
        for one in found.values()
    ]
    ends = [one.rungs[-1].seconds for one in found.values()]
    shortest, longest = min(*starts, *limits) if limits else min(starts), max([*ends, *limits])
    return _Across(shortest / 1.3, max(longest * 1.1, shortest * 4))


def _paths(arm: Arm, found: Distribution, across: _Across, scale: Scale) -> list[Markup]:
    def place(value: float, share: float) -> tuple[float, float]:
        return across(value), scale.down(nines(share))

    line = [place(rung.seconds, rung.share) for rung in found.rungs]
    drawn = [svg.stairs([line], f"line {arm.value}")]
    if found.total < TIMED_FROM:
        return drawn
    # A distribution only rises: until the next bound it may reach the upper end that holds there.
    high = [place(before.seconds, after.high or 0.0) for before, after in pairwise(found.rungs)]
    high.append(place(found.rungs[-1].seconds, found.rungs[-1].high or 0.0))
    low = [place(rung.seconds, rung.low or 0.0) for rung in found.rungs]
    return [svg.area([high], [low], f"band {arm.value}"), *drawn]


def _axis(across: _Across) -> list[Markup]:
    drawn = [svg.line(0, HEIGHT, 100, HEIGHT, "axis")]
    last = -100.0
    for power in range(-5, 4):
        for digit in (1, 2, 5):
            value = digit * 10.0**power
            x = across(value)
            if not across.shortest <= value <= across.longest:
                continue
            drawn.append(svg.line(x, HEIGHT, x, HEIGHT + 4, "axis"))
            if x - last >= 17:
                anchor = "end" if x > 94 else "middle"
                drawn.append(svg.text(_short(value), x, HEIGHT + 17, "tick", anchor))
                last = x
    return drawn


def _short(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} s"
