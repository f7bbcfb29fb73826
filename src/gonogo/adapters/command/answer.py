"""What `read` prints of one instance: one JSON object, taken strictly.

A script that says something else than it means must not be half understood: unknown keys, a key that
comes twice, values of another type and what contradicts itself are all refused.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gonogo.domain.address import split
from gonogo.domain.errors import InvalidInput

MOST_BYTES = 64 * 1024
EXPECTED = 'expected one JSON object, as in {"state": "running", "healthy": true}'
_SHOWN = 200
_LONGEST_DETAIL = 500
_LONGEST_LOG = 8 * 1024


class PlatformState(StrEnum):
    """What a platform says of an instance."""

    ABSENT = "absent"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was printed. `address` is host and port where the platform says them, `share` is 0 to 1."""

    state: PlatformState
    healthy: bool = False
    address: tuple[str, int] | None = None
    share: float | None = None
    version: str | None = None
    detail: str = ""
    exit_code: int | None = None
    log: str = ""


class Unreadable(Exception):
    """What was printed is no answer; says why, as the rest of a sentence that begins with the script."""


def read_answer(printed: bytes) -> Answer:
    """The answer that was printed. Raises Unreadable."""
    if len(printed) > MOST_BYTES:
        raise Unreadable(f"printed more than {MOST_BYTES // 1024} KiB; {EXPECTED}")
    if not printed.strip():
        raise Unreadable(f"printed nothing; {EXPECTED}")
    try:
        found = json.loads(printed, object_pairs_hook=_once)
    except _Twice as twice:
        raise Unreadable(f'gave "{twice}" twice; give every key once') from None
    except (ValueError, RecursionError):
        raise Unreadable(f"printed {_shown(printed)}; {EXPECTED}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"printed {_shown(printed)}; {EXPECTED}")
    return _answer(found)


def _answer(found: Mapping[str, Any]) -> Answer:
    for key in found:
        if key not in _KEYS:
            raise Unreadable(f"gave the unknown key {_quoted(key)}; allowed: {', '.join(_KEYS)}")
    if "state" not in found:
        raise Unreadable("gave no state; one of " + ", ".join(PlatformState))
    taken = {}
    for key, value in found.items():
        take, wanted = _KEYS[key]
        try:
            taken[key] = take(value)
        except (ValueError, TypeError, InvalidInput):
            raise Unreadable(f"gave {_quoted(value)} as {key}; it must be {wanted}") from None
    answer = Answer(**taken)
    if answer.state is PlatformState.RUNNING and "healthy" not in found:
        raise Unreadable("said that it is running, and not whether it is healthy; give healthy")
    if answer.healthy and answer.state is not PlatformState.RUNNING:
        raise Unreadable(f"said healthy of what is {answer.state.value}; only what runs can be")
    return answer


class _Twice(Exception):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError
    return float(value)


def _code(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 0xFFFFFFFF:
        raise TypeError
    return value


def _detail(value: object) -> str:
    return " ".join(_printable(_text(value)).split())[:_LONGEST_DETAIL]


def _log(value: object) -> str:
    return "\n".join(_printable(line) for line in _text(value)[-_LONGEST_LOG:].splitlines()[-20:])


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() or each == "\t" else " " for each in text)


_KEYS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "state": (PlatformState, "one of " + ", ".join(PlatformState)),
    "healthy": (_flag, "true or false"),
    "address": (
        lambda value: split(_text(value)),
        'an IP address with a port, as in "10.0.0.7:8080"',
    ),
    "share": (_share, "a number from 0 to 1"),
    "version": (_text, "the version's name or its commit"),
    "detail": (_detail, "a sentence"),
    "exit_code": (_code, "a whole number"),
    "log": (_log, "text"),
}


def _quoted(value: object) -> str:
    return _shortened(json.dumps(value, ensure_ascii=False))


def _shown(printed: bytes) -> str:
    return _shortened(
        json.dumps(" ".join(printed.decode("utf-8", "replace").split()), ensure_ascii=False)
    )


def _shortened(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
