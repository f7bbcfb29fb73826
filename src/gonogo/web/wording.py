"""Numbers, times and foreign text as a reader sees them: one formatter for every page.

Everything that comes from outside passes `plain`: characters that change how the text around them is
laid out, or that no document may hold, become visible instead of acting.
"""

import math
import re
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

MISSING = "not recorded"
LONGEST = 1000

# Bidirectional embeddings, overrides and isolates; C0 and C1 but tab and newline; lone surrogates
# and noncharacters, which UTF-8 and XML refuse.
_ACTING = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)


def plain(text: str, limit: int = LONGEST) -> str:
    """Foreign text made harmless and at most about `limit` characters long."""
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text):,} characters in all)"
    return _ACTING.sub(_visible, text.replace("\r\n", "\n"))


def tail(text: str, limit: int = 4000) -> Markup:
    """The end of an output, made harmless; says how much was left off."""
    before = f"… {len(text) - limit:,} characters before this\n" if len(text) > limit else ""
    return escape(f"{before}{plain(text[-limit:], limit)}")


def _visible(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"


def shorten(text: str, limit: int) -> str:
    """A label that fits into a chart."""
    text = plain(" ".join(text[: limit * 4].split()), limit * 4)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def isolated(text: str, limit: int = 80) -> Markup:
    """A version, hash or name whose direction stays its own."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(plain(text, limit))


def clock(at: datetime) -> str:
    """`14:03:22`, UTC."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def clock_exact(at: datetime) -> str:
    """`14:03:22.104`, UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[11:23]


def date(at: datetime) -> str:
    """`2025-11-22`, UTC."""
    return at.astimezone(UTC).date().isoformat()


def iso(at: datetime) -> str:
    """ISO 8601 in UTC to the microsecond, for tooltips and exports."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(at: datetime, shown: str | None = None) -> Markup:
    """A `<time>` element: the clock in UTC, the whole instant in its title."""
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(iso(at), shown or clock(at))


def seconds(value: float | None) -> str:
    """A measured time with as many digits as help: `0.05 s`, `4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value < 0.001:
        return "under 0.001 s" if value > 0 else "0 s"
    if value < 0.1:
        return f"{value:.3f}".rstrip("0") + " s"
    if value < 10:
        return f"{value:.2f} s" if value < 1 else f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    return _long(round(value))


def _long(whole: int) -> str:
    if whole < 3600:
        parts = (whole // 60, "min", whole % 60, "s")
    elif whole < 86400:
        parts = (whole // 3600, "h", whole % 3600 // 60, "min")
    else:
        parts = (whole // 86400, "d", whole % 86400 // 3600, "h")
    first, unit, second, smaller = parts
    return f"{first} {unit} {second} {smaller}" if second else f"{first} {unit}"


def duration(value: timedelta) -> str:
    """A duration from a plan."""
    return seconds(value.total_seconds())


def count(value: int | None) -> str:
    """`1,150`."""
    return MISSING if value is None else f"{value:,}"


def number(value: float) -> str:
    """Three significant digits without an exponent where one can read it: `14.2`, `0.0023`, `∞`."""
    if not math.isfinite(value):
        return "∞" if value > 0 else ("−∞" if value < 0 else "not a number")
    size = abs(value)
    if size != 0 and (size < 1e-4 or size >= 1e7):
        return f"{value:.1e}".replace("-", "−")
    digits = 0 if size >= 100 else (2 if size == 0 else max(0, 2 - math.floor(math.log10(size))))
    text = f"{value:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def share(value: float | None) -> str:
    """A share between 0 and 1 as a percentage: `5 %`, `0.17 %`."""
    return MISSING if value is None else f"{number(value * 100)}\u00a0%"


def points(value: float) -> str:
    """A difference of two shares in percentage points, with its sign: `+2.1`, `−0.3`, `0`."""
    return f"{'+' if value > 0 else ''}{number(value * 100)}"


def quantile(estimate: float | None, low: float | None, high: float | None) -> str:
    """Seconds with their band: `0.041 s [0.038, 0.047]`; an end that is not known is `…`."""
    middle = "too few" if estimate is None else seconds(estimate)
    if low is None:
        return middle
    return f"{middle} [{number(low)}, {'…' if high is None else number(high)}]"


def people(value: int) -> str:
    """How many customers were hurt, as the end of a sentence begins."""
    if value == 0:
        return "no customer was hurt"
    return "1 customer was hurt" if value == 1 else f"{value:,} customers were hurt"
