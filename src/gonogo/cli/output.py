"""Saying things: data on stdout, all else on stderr."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from gonogo.domain.errors import GonogoError, InvalidInput

RELEASED, HELD, NO_GO, WRONG, OTHER = 0, 10, 20, 2, 1

EXIT_CODES: Mapping[str, int] = {
    "released": RELEASED,
    "adopted": RELEASED,
    "rolled_back": NO_GO,
    "no_go": NO_GO,
    "aborted": NO_GO,
    "needs_person": HELD,
    "paused": HELD,
    "held": HELD,
}
"""Exit code by the stage in which a release stands when a command stops following it."""

SIGNS: Mapping[str, str] = {
    "released": "✔",
    "adopted": "⇠",
    "rolled_back": "↩",
    "no_go": "✘",
    "aborted": "✘",
    "needs_person": "?",
    "paused": "‖",
    "held": "‖",
    "rolling_back": "↩",
    "verifying_rollback": "↩",
}

_SAID_TWICE: Mapping[str, str] = {"no_go": "NO-GO: ", "held": "HOLD: "}
"""How a decision's sentence begins, by the stage that says the same."""


def data(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print JSON to stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Print a line to stderr."""
    click.echo(text, err=True)


def fail(error: GonogoError) -> int:
    """Print an error with its hint; returns the exit code."""
    note(f"error: {error}")
    if error.hint:
        note("")
        note(f"hint: {error.hint}")
    return WRONG if isinstance(error, InvalidInput) else OTHER


def age(seconds: float) -> str:
    """How old something is, in whole units of the largest that fits."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def stage_line(release: Mapping[str, Any]) -> str:
    """One release in one line: sign, state word, position, reason."""
    sign = SIGNS.get(release["stage"], "▸")
    stage = release["stage"].replace("_", " ")
    place = ""
    if release["stage"] == "canary" and release["step"]:
        place = f" {release['share'] * 100:g} % (step {release['step']} of {release['steps']})"
    reason = release["reason"].removeprefix(_SAID_TWICE.get(release["stage"], ""))
    return f"{sign} {release['service']} {release['version']}  {stage}{place}: {reason}"


def interactive() -> bool:
    """Whether a person sits at the terminal and can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def printable(text: str) -> str:
    """One line without control characters: names of files and subjects may hold any."""
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii")
        for mark in text
    )
