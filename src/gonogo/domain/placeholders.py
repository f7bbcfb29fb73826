"""Placeholders in shell lines: `{port}` is replaced, `{{port}}` writes `{port}`.

Every other brace stays as it is (`${PORT}`, `{a,b}`, `{}`, JSON), so that shell lines need no escaping
except where a word alone in braces is meant literally.
"""

import re
from collections.abc import Mapping

PLACEHOLDERS = ("port", "version", "database_url", "url", "environment")

_WORD = re.compile(r"\{\{(?P<literal>[A-Za-z_]\w*)\}\}|(?<!\$)\{(?P<name>[A-Za-z_]\w*)\}", re.ASCII)


def placeholders(line: str) -> tuple[tuple[str, int], ...]:
    """Every placeholder in the line, known or not, with the offset at which it starts."""
    return tuple((match["name"], match.start()) for match in _WORD.finditer(line) if match["name"])


def fill(line: str, values: Mapping[str, str]) -> str:
    """The line with its placeholders replaced. Raises KeyError for one that has no value."""
    return _WORD.sub(
        lambda match: match[0][1:-1] if match["literal"] else values[match["name"]], line
    )
