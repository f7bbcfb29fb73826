"""Durations, percentages, sizes and counts as people write them, and back.

Parsers take the text of one value and raise `Unfit` with the end of a sentence that names the value
and what is allowed. Formatters write what the parsers read: parse(format(x)) == x.
"""

import difflib
import re
from datetime import timedelta
from decimal import Decimal

from gonogo.spec.wording import quoted

LONGEST = timedelta(days=365)
MOST_REQUESTS = 1_000_000_000

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_UNITS = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
}
_DURATION_TEXT = "".join(
    rf"(?:({_NUMBER})\s*{unit}{'(?!s)' if unit == 'm' else ''}\s*)?" for unit in _UNITS
)
DURATION_PATTERN = rf"^(?=[0-9]){_DURATION_TEXT}$"
PERCENT_PATTERN = rf"^{_NUMBER}\s*%$"
COUNT_PATTERN = r"^[0-9]+(\s+requests?)?$"

_WORDS = {
    "milliseconds": "ms",
    "msec": "ms",
    "seconds": "s",
    "sec": "s",
    "minutes": "m",
    "mins": "m",
    "hours": "h",
    "hrs": "h",
    "days": "d",
}
_DURATION_SHOWN = "a number with one of the units ms, s, m, h, d, as in 90s, 30m or 1h30m"


class Unfit(ValueError):
    """A value that cannot be read; the message names the value and what is allowed."""


def parse_duration(text: str) -> timedelta:
    """`500ms`, `30s`, `5m`, `1h30m`, `2d`; from nothing up to 365 days, to the microsecond."""
    match = re.match(DURATION_PATTERN, text)
    if match is None or len(text) > 60:
        raise Unfit(_why_no_duration(text))
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    total = sum(Decimal(number) * size for number, size in parts if number)
    if total > LONGEST // timedelta(microseconds=1):
        raise Unfit(f"{quoted(text)} is too long; at most 365d")
    if total != int(total):
        raise Unfit(f"{quoted(text)} is finer than the smallest step, 0.001ms")
    return timedelta(microseconds=int(total))


def _why_no_duration(text: str) -> str:
    loose = re.match(rf"^({_NUMBER})\s*([A-Za-z]*)$", text)
    if loose is None:
        return f"{quoted(text)} is not a duration; write {_DURATION_SHOWN}"
    number, word = loose.groups()
    if not word:
        return f"{quoted(text)} has no unit; allowed units: ms, s, m, h, d, as in {number}s or {number}m"
    near = difflib.get_close_matches(word.lower(), list(_WORDS) + list(_UNITS), n=1, cutoff=0.6)
    guess = f"; did you mean {number}{_WORDS.get(near[0], near[0])}?" if near else ""
    return (
        f"{quoted(text)} has the unknown unit {quoted(word)}; allowed units: ms, s, m, h, d{guess}"
    )


def format_duration(duration: timedelta) -> str:
    """The shortest exact way to write it: `1h30m`, `400ms`, `0s`."""
    left = duration // timedelta(microseconds=1)
    written = ""
    for unit, size in _UNITS.items():
        whole, left = divmod(left, size)
        number = Decimal(whole)
        if unit == "ms":
            number += Decimal(left) / 1000
        if number:
            written += f"{number}{unit}"
    return written or "0s"


def parse_share(text: str) -> float:
    """`5%` as 0.05; more than 0 % and less than 100 %."""
    share = _parse_percent(text)
    if not 0 < share < 1:
        raise Unfit(f"{quoted(text)} is out of range; allowed: more than 0% and less than 100%")
    return share


def parse_percentage(text: str) -> float:
    """`60%` as 0.6; from 0 % to 100 %."""
    share = _parse_percent(text)
    if not 0 <= share <= 1:
        raise Unfit(f"{quoted(text)} is out of range; allowed: 0% to 100%")
    return share


def _parse_percent(text: str) -> float:
    match = re.match(rf"^({_NUMBER})\s*(%?)$", text)
    if match is None or len(text) > 60:
        raise Unfit(f"{quoted(text)} is not a percentage; write it as in 5% or 0.5%")
    number, sign = match.groups()
    if not sign:
        raise Unfit(f"{quoted(text)} has no unit; write a percentage, {_percent_guess(number)}")
    return float(Decimal(number) / 100)


def _percent_guess(number: str) -> str:
    if 0 < Decimal(number) < 1:
        return f"{number}% or {format_share(float(number))}, whichever is meant"
    return f"as in {number}%"


def format_share(share: float) -> str:
    """0.05 as `5%`."""
    percent = Decimal(repr(share)) * 100
    written = f"{percent:f}"
    return f"{written.rstrip('0').rstrip('.') if '.' in written else written}%"


_SIZES = {
    "TB": 1000**4,
    "GB": 1000**3,
    "MB": 1000**2,
    "kB": 1000,
    "TiB": 1024**4,
    "GiB": 1024**3,
    "MiB": 1024**2,
    "KiB": 1024,
    "B": 1,
}


def parse_size(text: str) -> int:
    """`128MB` as bytes. kB, MB, GB, TB count in thousands, KiB, MiB, GiB, TiB in 1024s."""
    match = re.match(rf"^({_NUMBER})\s*([A-Za-z]*)$", text)
    if match is None or len(text) > 60:
        raise Unfit(f"{quoted(text)} is not a size; write it as in 128MB")
    number, unit = match.groups()
    allowed = "allowed units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"
    if not unit:
        raise Unfit(f"{quoted(text)} has no unit; {allowed}")
    size = next((size for name, size in _SIZES.items() if name.lower() == unit.lower()), None)
    if size is None:
        raise Unfit(f"{quoted(text)} has the unknown unit {quoted(unit)}; {allowed}")
    total = Decimal(number) * size
    if total != int(total):
        raise Unfit(f"{quoted(text)} is not a whole number of bytes")
    return int(total)


def parse_requests(text: str) -> int:
    """`100 requests` or `100`; from 1 up."""
    match = re.match(r"^([0-9]{1,12})(?:\s+requests?)?$", text)
    if match is None:
        raise Unfit(f"{quoted(text)} is not a number of requests; write it as in 100 requests")
    number = int(match[1])
    if not 1 <= number <= MOST_REQUESTS:
        raise Unfit(f"{quoted(text)} is out of range; allowed: 1 to {MOST_REQUESTS}")
    return number
