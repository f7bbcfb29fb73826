"""Vertical scales with round grid lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gonogo.web.charts import svg

HEADROOM = 16
"""Pixels above the highest value, where the numbers of the marks stand."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` (at the bottom) to `high` on a plot `height` pixels high."""

    low: float
    high: float
    height: float

    def down(self, value: float) -> float:
        """Where a value stands, in pixels from the top; values outside stand at the edge."""
        span = (self.high - self.low) or 1.0
        part = min(1.0, max(0.0, (value - self.low) / span))
        return HEADROOM + (1 - part) * (self.height - HEADROOM)


def round_values(low: float, high: float, most: int = 4) -> tuple[float, ...]:
    """At most `most` round values between two."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return ()
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(step * power for step in (1, 2, 5, 10, 20, 50) if span / (step * power) <= most)
    first = math.ceil(low / step - 1e-9)
    found = (step * (first + index) for index in range(most + 2))
    return tuple(value for value in found if value <= high + step * 1e-9)


def grid(scale: Scale, values: Sequence[tuple[float, str]]) -> list[Markup]:
    """Horizontal lines with their labels above them at the left edge."""
    drawn: list[Markup] = []
    for value, label in values:
        y = scale.down(value)
        drawn.append(svg.line(0, y, 100, y, "grid"))
        drawn.append(svg.text(label, 0, y - 3, "value"))
    return drawn
