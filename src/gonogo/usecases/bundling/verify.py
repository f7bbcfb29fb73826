"""Does a bundle hold? Answered from its bytes and one key, without a desk and without a network.

Order matters: the last line is believed first (its keys lead back to the key that the reader trusts),
then every line is held against the digests it lists and against its own signature, and only then is
anything in them looked at. The first thing that does not hold ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.signing import KeyRing, distrust, ring_from
from gonogo.usecases.bundling.contents import Line, WrongLine, contents
from gonogo.usecases.bundling.envelopes import (
    Signed,
    Trust,
    Unsound,
    check,
    read_envelope,
    rings_together,
)
from gonogo.usecases.bundling.statements import BUNDLE, digest

_MOST_LINES = 100_000
# Also times at the edge of the calendar, which cannot be told in UTC.
_NO_BUNDLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that holds: what it is of, who signed it when, and what that proves, in sentences."""

    service: str
    version: str
    commit: str
    release: str
    outcome: str
    signed_at: datetime
    key: str
    root: str
    lines: int
    proven: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The first thing that does not hold: the line from 1 (0: the file as a whole) and why."""

    line: int
    reason: str


def verify_bundle(content: bytes, trust: Trust) -> Verified | Refused:
    """Check the content of a bundle's file against the key that the reader trusts."""
    try:
        signed = [_read(place, line) for place, line in enumerate(_split(content), 1)]
        return _verified(signed, trust)
    except WrongLine as wrong:
        return Refused(wrong.line, str(wrong))
    except _NO_BUNDLE as error:
        # Signed by the desk and still not of the shape that it writes: another program's, or another
        # version's. Whatever part is missing, it is not what this one can vouch for.
        return Refused(0, f"it is not of the shape of a bundle ({error!r:.120})")


def _read(place: int, line: bytes) -> Signed:
    try:
        return read_envelope(line)
    except Unsound as wrong:
        raise WrongLine(place, str(wrong)) from wrong


def _split(content: bytes) -> list[bytes]:
    """The lines. The last byte is a line's end, so that a file cut off by one byte shows."""
    if not content:
        raise WrongLine(0, "the file is empty")
    if not content.endswith(b"\n"):
        raise WrongLine(0, "the file does not end with the end of a line: it is not whole")
    lines = content[:-1].split(b"\n", _MOST_LINES)
    if len(lines) > _MOST_LINES:
        raise WrongLine(0, f"it has more than {_MOST_LINES} lines")
    return lines


def _believe(place: int, signed: Signed, ring: KeyRing, signed_at: datetime) -> None:
    doubt = distrust(ring, ring.keys[0].public, signed.key, signed_at, check)
    if doubt is not None:
        raise WrongLine(place, doubt)
    key = ring.key(signed.key)
    if key is None or not signed.signed_by(key):
        raise WrongLine(place, "its signature does not hold")


def _all_listed(signed: Sequence[Signed], last: Signed) -> None:
    listed = last.predicate["statements"]
    for place, (each, entry) in enumerate(zip(signed[:-1], listed, strict=False), 1):
        if (digest(each.payload), each.kind) != (entry["sha256"], entry["predicateType"]):
            raise WrongLine(place, "it is not the statement that the last line lists here")
    if len(listed) != len(signed) - 1:
        more = len(signed) - 1 - len(listed)
        what = f"{more} too many" if more > 0 else f"{-more} missing"
        raise WrongLine(0, f"the last line lists {len(listed)} statements, and the file has {what}")
    _about(last, len(signed))
    for place, each in enumerate(signed, 1):
        if each.statement["subject"] != last.statement["subject"]:
            raise WrongLine(place, "its subject is not that of the last line")


def _about(last: Signed, place: int) -> None:
    found, subject = last.predicate, last.statement["subject"][0]
    named = f"{found['service']}@{found['version']}"
    if subject["name"] != named or subject["digest"]["gitCommit"] != found["commit"]:
        raise WrongLine(place, "its subject is not the version that it names")


def _verified(signed: Sequence[Signed], trust: Trust) -> Verified:
    last, end = signed[-1], len(signed)
    if last.kind != BUNDLE:
        raise WrongLine(end, "it is not the last line of a bundle: the file is not whole")
    found = last.predicate
    signed_at = datetime.fromisoformat(found["signed_at"])
    try:
        ring = rings_together(ring_from(found["keys"]), trust)
    except Unsound as wrong:
        raise WrongLine(end, str(wrong)) from wrong
    _believe(end, last, ring, signed_at)
    _all_listed(signed, last)
    for place, each in enumerate(signed, 1):
        _believe(place, each, ring, signed_at)
    return Verified(
        service=found["service"],
        version=found["version"],
        commit=found["commit"],
        release=found["release"],
        outcome=found["outcome"],
        signed_at=signed_at,
        key=last.key,
        root=trust.root,
        lines=end,
        proven=contents(
            [Line(place, each.kind, each.predicate) for place, each in enumerate(signed, 1)]
        ),
    )
