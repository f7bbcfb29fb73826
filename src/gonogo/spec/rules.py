"""What makes a request bad, and which requests are looked at, as people write them, and back.

Parsers raise `Unfit` as those of `units` do.
"""

import re
from collections.abc import Iterable

from gonogo.domain.traffic import BadStatus, Endpoint, SlowerThan
from gonogo.spec.units import Unfit, format_duration, parse_duration
from gonogo.spec.wording import did_you_mean, listed, quoted

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
BAD_SHOWN = "5xx, 429, 500-504, a list of these, or slower than 400ms"

_SLOWER = re.compile(r"^slower\s+than\b\s*(.*)$", re.IGNORECASE)


def parse_bad(texts: Iterable[str]) -> BadStatus | SlowerThan:
    """`["5xx", "429"]` or `["slower than 400ms"]`. Each text may also be `5xx, 429`."""
    pieces = [piece.strip() for text in texts for piece in text.split(",")]
    slower = [match[1] for piece in pieces if (match := _SLOWER.match(piece))]
    if slower and len(pieces) > 1:
        raise Unfit("a KPI counts either statuses or slowness; make two of it")
    if slower:
        limit = parse_duration(slower[0])
        if not limit:
            raise Unfit(f"{quoted(pieces[0])} would call every request slow; write more than 0ms")
        return SlowerThan(limit)
    if not pieces:
        raise Unfit(f"an empty list makes no request bad; write {BAD_SHOWN}")
    return BadStatus(tuple(_parse_status(piece) for piece in pieces))


def _parse_status(text: str) -> tuple[int, int]:
    if match := re.fullmatch(r"([1-5])[xX]{2}", text):
        return int(match[1]) * 100, int(match[1]) * 100 + 99
    match = re.fullmatch(r"([0-9]{3})(?:\s*-\s*([0-9]{3}))?", text)
    if match is None:
        guess = did_you_mean(text, ("5xx", "4xx", "slower than"))
        raise Unfit(f"{quoted(text)} does not say what is bad; write {BAD_SHOWN}{guess}")
    low, high = int(match[1]), int(match[2] or match[1])
    if not 100 <= low <= high <= 599:
        raise Unfit(f"{quoted(text)} is out of range; statuses go up from 100 to 599")
    return low, high


def format_bad(bad: BadStatus | SlowerThan) -> str:
    """`5xx, 429` or `slower than 400ms`."""
    if isinstance(bad, SlowerThan):
        return f"slower than {format_duration(bad.limit)}"
    return ", ".join(_format_status(low, high) for low, high in bad.ranges)


def _format_status(low: int, high: int) -> str:
    if low % 100 == 0 and high == low + 99:
        return f"{low // 100}xx"
    return str(low) if low == high else f"{low}-{high}"


def parse_endpoint(text: str) -> Endpoint:
    """`POST /api/v1/orders`, `/api/**` or `* /api/**` (any method), `POST` (any path)."""
    first, _, rest = text.strip().partition(" ")
    if first.startswith("/"):
        first, rest = "*", text.strip()
    method = None if first == "*" else first.upper()
    if method is not None and method not in METHODS:
        raise Unfit(
            f"{quoted(text)} starts with the unknown method {quoted(first)}; "
            f"allowed: {listed(METHODS)}, * for any{did_you_mean(first, METHODS)}"
        )
    path = parse_path(rest.strip()) if rest.strip() else None
    if path is not None and "?" in path:
        raise Unfit(f"{quoted(text)} has a query string, which is not looked at; leave it out")
    if path is not None and "**" in path[:-2]:
        raise Unfit(f"{quoted(text)} has ** in the middle; ** stands for the rest and comes last")
    return Endpoint(method, path)


def parse_path(text: str) -> str:
    """A path that starts with `/` and has no blanks."""
    if not text.startswith("/"):
        raise Unfit(f"{quoted(text)} is not a path; a path starts with /")
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise Unfit(f"{quoted(text)} has a blank in it; write a blank in a path as %20")
    return text


def format_endpoint(endpoint: Endpoint) -> str:
    """`POST /api/v1/orders`, with `*` for any method."""
    return f"{endpoint.method or '*'} {endpoint.path or ''}".strip()
