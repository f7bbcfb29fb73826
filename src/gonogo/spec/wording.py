"""How values and lists of allowed values are put into a sentence."""

import difflib
import json
from collections.abc import Iterable


def quoted(value: str) -> str:
    """The value in double quotes on one line, shortened where it is long."""
    shown = value if len(value) <= 60 else value[:57] + "…"
    return json.dumps(shown, ensure_ascii=not shown.isprintable())


def listed(names: Iterable[str]) -> str:
    """`a, b, c`."""
    return ", ".join(names)


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`; did you mean "x"?`, or nothing when no name comes near."""
    known = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower()[:60], known, n=1, cutoff=0.6)
    return f"; did you mean {quoted(known[near[0]])}?" if near else ""


def not_allowed(what: str, found: str, names: Iterable[str]) -> str:
    """`unknown key "x"; allowed: a, b; did you mean "a"?`."""
    known = tuple(names)
    return f"unknown {what} {quoted(found)}; allowed: {listed(known)}{did_you_mean(found, known)}"
