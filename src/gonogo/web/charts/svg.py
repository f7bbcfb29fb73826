"""The few SVG elements that the charts are drawn with, every attribute and text escaped.

A chart is as wide as its place and of fixed height, without a `viewBox`: text and dots stand in the
outer drawing at percentages and keep their size on a phone, lines stand in an inner drawing that is
stretched (`stretched`). So nothing has to be known about the width and no script has to run.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from gonogo.web.wording import plain

STRETCH = 1000
"""Width of the inner drawing in its own units; 10 of them are one per cent."""


def element(tag: str, *children: str, **attributes: str | float) -> Markup:
    """One element. Underscores in attribute names become hyphens; `class_` is `class`."""
    written = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _written(value))
        for name, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, written, inner)


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return plain(value, len(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def drawing(height: float, label: str, children: Iterable[str], class_: str = "chart") -> Markup:
    """A whole chart: left to right whatever the page is, with its sentence for screen readers."""
    return element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        class_=class_,
        width="100%",
        height=height,
        direction="ltr",
        role="img",
        aria_label=label,
    )


def nothing(sentence: str) -> Markup:
    """A chart that could not be drawn, and why."""
    return drawing(64, sentence, [text(sentence, 50, 36, "nothing", "middle")])


def text(content: str, x: float, y: float, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text at x per cent and y pixels."""
    return element(
        "text", plain(content), x=percent(x), y=y, text_anchor=anchor, class_=class_ or "text"
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line between points in per cent and pixels."""
    return element("line", x1=percent(x1), y1=y1, x2=percent(x2), y2=y2, class_=class_)


def box(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    """A rectangle, x and width in per cent, y and height in pixels."""
    return element(
        "rect",
        x=percent(x),
        y=y,
        width=percent(max(width, 0.0)),
        height=max(height, 0.0),
        class_=class_,
    )


def dot(x: float, y: float, radius: float, class_: str) -> Markup:
    """A round mark."""
    return element("circle", cx=percent(x), cy=y, r=radius, class_=class_)


def percent(value: float) -> str:
    """A percentage with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def stretched(height: float, paths: Iterable[str]) -> Markup:
    """The inner drawing, as wide as the chart; its paths keep their stroke width."""
    return element(
        "svg",
        *paths,
        x=0,
        y=0,
        width="100%",
        height=height,
        viewBox=f"0 0 {STRETCH} {height:g}",
        preserveAspectRatio="none",
        overflow="visible",
    )


def stairs(runs: Iterable[Sequence[tuple[float, float]]], class_: str) -> Markup:
    """Values that hold until the next one, as one path; a new run begins anew, with nothing between.

    Points are (x in per cent, y in pixels).
    """
    pieces: list[str] = []
    for run in runs:
        x, y = _units(run[0][0]), f"{run[0][1]:.1f}"
        pieces.append(f"M{x} {y}h0")
        for across, down in run[1:]:
            if _units(across) != x:
                x = _units(across)
                pieces.append(f"H{x}")
            if f"{down:.1f}" != y:
                y = f"{down:.1f}"
                pieces.append(f"V{y}")
    return element("path", d="".join(pieces), class_=class_)


def _units(across: float) -> str:
    return f"{across * STRETCH / 100:.1f}".removesuffix(".0")


def area(
    highs: Iterable[Sequence[tuple[float, float]]],
    lows: Iterable[Sequence[tuple[float, float]]],
    class_: str,
) -> Markup:
    """What lies between two stairs, as one path; runs of both belong together in order.

    Points are (x in per cent, y in pixels); each run of both ends at the same x.
    """
    pieces: list[str] = []
    for high, low in zip(highs, lows, strict=True):
        there = _corners(high)
        back = reversed(_corners(low))
        pieces.append("M" + "L".join(f"{_units(x)} {y:.1f}" for x, y in (*there, *back)) + "Z")
    return element("path", d="".join(pieces), class_=class_)


def _corners(run: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of stairs: each value holds until the next one begins."""
    found = [run[0]]
    for x, y in run[1:]:
        found += [(x, found[-1][1]), (x, y)]
    return found
