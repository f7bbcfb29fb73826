"""Reading HAProxy's log line about one request, and saying whose answer it was.

A request belongs to the instance that was drawn for it, for that draw is what is random. When it was
retried, that instance gave no answer, whatever the customer got in the end; the instance that saved
the customer is not credited with a request that was not drawn for it.

The termination state says who ended a request and when (HAProxy's manual, "Session state at
disconnection"). Customers who go away before an answer prove nothing, unless they had waited for
long: then the instance is said to have given none, or a version that hangs would never be seen.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.traffic import Request

_ESCAPED = re.compile(r"#([0-9A-F]{2})")
_FIELDS = 13
_NO_VALUE = "-"
_ADDRESS = re.compile(r"[0-9]|\[[0-9a-f:]")
# Ended by the server or its timeout (S, s), or by HAProxy because what came was no HTTP (P), while
# connecting, waiting for headers, or in the middle of the body.
_NO_ANSWER = frozenset({"SC", "sC", "SH", "sH", "SD", "sD", "SL", "sL", "PH", "PD"})
_CUSTOMER_LEFT = frozenset({"CC", "CH", "CQ"})
_ANSWERED = frozenset({"--", "CD", "cD", "CL", "cL", "LD"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the process that wrote it, its number there, and its request if it is judged.

    `unclear` means that a request failed on an instance that is not known.
    """

    pid: int
    number: int
    request: Request | None
    unclear: bool = False


def parse(text: str, at: datetime, patience: float) -> Line | None:
    """The line, or None when it is not about a request (HAProxy's own notices).

    `patience` is in seconds: how long a customer waits before going away means "no answer".
    """
    fields = text.split(" ", _FIELDS - 1)
    if len(fields) != _FIELDS or not (fields[0].isdigit() and fields[1].isdigit()):
        return None
    pid, number, forced, drawn, final, status, server_ms, all_ms, ended, retries, client, *what = (
        fields
    )
    if forced != _NO_VALUE:
        return Line(int(pid), int(number), None)
    retried = retries.lstrip("+") != "0"
    if drawn == _NO_VALUE:
        if retries.startswith("+"):
            return Line(int(pid), int(number), None, unclear=True)
        drawn = _bracketed(final)
    if not _ADDRESS.match(drawn):  # nothing was in rotation, or the request itself was malformed
        return Line(int(pid), int(number), None)
    answer = _answer(ended, status, retried, int(all_ms) >= patience * 1000)
    if answer is _NOT_JUDGED:
        return Line(int(pid), int(number), None)
    path = what[1]
    if "#" in path:
        path = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), path)
    request = Request(
        at=at,
        address=drawn,
        status=answer,
        seconds=max(int(all_ms if answer is None else server_ms), 0) / 1000,
        method=what[0],
        path=path,
        client=client,
    )
    return Line(int(pid), int(number), request)


def _bracketed(final: str) -> str:
    """`%si:%sp` as addresses are written everywhere else: HAProxy leaves an IPv6 one bare."""
    host, _, port = final.rpartition(":")
    return f"[{host}]:{port}" if ":" in host else final


_NOT_JUDGED = -1


def _answer(ended: str, status: str, retried: bool, waited_long: bool) -> int | None:
    """The instance's status, None for no answer, or _NOT_JUDGED."""
    if retried:
        return None
    if ended in _ANSWERED or status == "101":
        return int(status)
    if ended in _NO_ANSWER or (ended in _CUSTOMER_LEFT and waited_long):
        return None
    return _NOT_JUDGED
