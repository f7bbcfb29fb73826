"""Draws what docs/judge.md shows, from the results in bench/results, as SVG in docs/plots.

PYTHONPATH=src python bench/judge_plots.py
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from judge_runs import RESULTS

PLOTS = Path(__file__).parents[1] / "docs" / "plots"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 380, 64, 16, 44, 48
COLOURS = ("#1f5fa8", "#8a8f98", "#c2571a", "#2b7a4b", "#7a4fa3")


@dataclass
class Drawing:
    """A plot with logarithmic or even axes; places are in the data's own units."""

    title: str
    across: tuple[float, float]
    up: tuple[float, float]
    labels: tuple[str, str]
    parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Pixels from the left; the axis is logarithmic."""
        low, high = (math.log(end) for end in self.across)
        return LEFT + (math.log(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top; the axis is even."""
        low, high = self.up
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def grid(self, marks: Iterable[float], steps: Iterable[float]) -> None:
        """Lines with their numbers."""
        for mark in marks:
            x = self.x(mark)
            self.line(x, TOP, x, HEIGHT - BOTTOM, "#e3e5e8")
            self.text(x, HEIGHT - BOTTOM + 16, f"{mark:,g}", "middle")
        for step in steps:
            y = self.y(step)
            self.line(LEFT, y, WIDTH - RIGHT, y, "#e3e5e8")
            self.text(LEFT - 6, y + 4, f"{step:g}", "end")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, self.labels[0], "middle")
        self.text(LEFT, TOP - 8, self.labels[1])

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> None:
        """A line in pixels."""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
            f' stroke-dasharray="{dash}"/>'
        )

    def text(
        self, x: float, y: float, words: str, anchor: str = "start", colour: str = "#30343a"
    ) -> None:
        """Words in pixels."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
        )

    def dots(self, places: Iterable[tuple[float, float]], number: int, name: str) -> None:
        """A cloud of points with its name in the corner."""
        colour = COLOURS[number]
        for across, up in places:
            self.parts.append(
                f'<circle cx="{self.x(across):.1f}" cy="{self.y(up):.1f}" r="3.5" fill="{colour}"'
                ' fill-opacity="0.75"/>'
            )
        self.text(WIDTH - RIGHT, TOP + 14 + 16 * number, f"● {name}", "end", colour)

    def bar(
        self, place: float, height: float, upto: float, name: str, shown: str, number: int
    ) -> None:
        """A bar that lies, from the left edge, `place` pixels down."""
        self.parts.append(
            f'<rect x="{LEFT + 150}" y="{place:.1f}" width="{max(upto - LEFT - 150, 1):.1f}"'
            f' height="{height:.1f}" fill="{COLOURS[number]}"/>'
        )
        self.text(LEFT + 144, place + height / 2 + 4, name, "end")
        self.text(max(upto, LEFT + 151) + 6, place + height / 2 + 4, shown)

    def save(self, name: str) -> None:
        """Write docs/plots/<name>.svg."""
        PLOTS.mkdir(exist_ok=True)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-label="{escape(self.title)}" font-family="sans-serif" font-size="12">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        )
        title = f'<text x="{LEFT}" y="18" font-size="14" fill="#30343a">{escape(self.title)}</text>'
        text = "\n".join((head, title, *self.parts, "</svg>"))
        (PLOTS / f"{name}.svg").write_text(text + "\n", encoding="utf-8")
        print(PLOTS / f"{name}.svg")


def read(name: str) -> dict[str, Any]:
    """One bench's results."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def limit() -> None:
    """How near the judge and the oracle come to the bound."""
    rows = read("judge_limit")["rows"]
    drawing = Drawing(
        "Canary requests to the stop, as a multiple of the least any test needs (64 cases)",
        (1, 50_000),
        (1, 2.6),
        ("least number of canary requests, by the information bound", "× the bound"),
    )
    drawing.grid((1, 10, 100, 1000, 10_000), (1, 1.25, 1.5, 2, 2.5))
    for number, (key, name) in enumerate(
        (("from_start", "the judge"), ("oracle", "an oracle that knows both rates"))
    ):
        places = [(max(row["bound"], 1), min(row[key], 2.6)) for row in rows]
        drawing.dots(places, number, name)
    drawing.save("judge-limit")


def late() -> None:
    """The same for faults that come late."""
    rows = read("judge_limit")["rows"]
    drawing = Drawing(
        "The same, counted from a fault that comes after so many good canary requests",
        (1, 50_000),
        (1, 8),
        ("least number of canary requests, by the information bound", "× the bound"),
    )
    drawing.grid((1, 10, 100, 1000, 10_000), (1, 2, 3, 4, 6, 8))
    names = ((("from_start", "at once")), ("late_10000", "10,000"), ("late_100000", "100,000"))
    for number, (key, name) in enumerate(names):
        drawing.dots([(max(row["bound"], 1), min(row[key], 8)) for row in rows], number, name)
    drawing.save("judge-late")


def bars(
    title: str,
    name: str,
    rows: Sequence[tuple[str, float, int]],
    scale: Callable[[float], float],
    shown: str,
) -> None:
    """Lying bars; `scale` gives the part of the width for a value, `shown` its format."""
    drawing = Drawing(title, (1, 10), (0, 1), ("", ""))
    height = min(28.0, (HEIGHT - TOP - 20) / len(rows) - 6)
    for number, (label, value, colour) in enumerate(rows):
        upto = LEFT + 150 + scale(value) * (WIDTH - LEFT - 150 - RIGHT - 60)
        place = TOP + number * (height + 6)
        drawing.bar(place, height, upto, label, shown.format(value), colour)
    drawing.save(name)


def peers() -> None:
    """Hurt requests at ten times the errors."""
    found = read("judge_peers")["cases"]["errors ×10"]
    rows = [
        (policy, row["mean_hurt_requests"], 0 if policy.startswith("gonogo") else 1)
        for policy, row in sorted(found.items(), key=lambda item: item[1]["mean_hurt_requests"])
    ]
    most = max(value for _, value, _ in rows)
    bars(
        "Hurt requests until the stop, errors 0.5 → 5 %, 100 requests/s (logarithmic)",
        "judge-peers",
        rows,
        lambda value: math.log(max(value, 1)) / math.log(most),
        "{:,.0f}",
    )


def bursts() -> None:
    """Good releases stopped under bursts."""
    rows = [row for row in read("judge_bursts")["rows"] if "counted" in row]
    colours = {"every request": 2, "guard on": 0, "customers": 3}
    bars(
        "Good releases stopped, where customers try again ten times or always fail",
        "judge-bursts",
        [
            (f"{row['bad']}, {row['counted']}", 100 * row["stopped"], colours[row["counted"]])
            for row in rows
        ],
        lambda value: value / 100,
        "{:.3g} %",
    )


def main() -> None:
    """All of them."""
    for plot in (limit, late, peers, bursts):
        plot()


if __name__ == "__main__":
    main()
