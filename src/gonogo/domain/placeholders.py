"""Placeholders in shell lines: `{port}` becomes a value, `{{port}}` writes `{port}`.

A version is the name of a git tag and may hold `;` or `$`, a database's address holds `&`: put into
a shell line as they are, they would be read as commands. So a value is written as one word where the
line is unquoted, and escaped for the quotes it stands in elsewhere. Every other brace belongs to the
shell and stays as it is (`${PORT}`, `{a,b}`, `{}`, JSON).
"""

import re
import shlex
from collections.abc import Mapping

PLACEHOLDERS = ("port", "version", "database_url", "url", "environment")

_WORD = r"\{\{(?P<literal>[A-Za-z_]\w*)\}\}|(?<!\$)\{(?P<name>[A-Za-z_]\w*)\}"
_PLACEHOLDER = re.compile(_WORD, re.ASCII)
_TOKEN = re.compile(rf"\\.|'|\"|{_WORD}", re.ASCII | re.DOTALL)
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r'([\\"$`])')


def placeholders(line: str) -> tuple[tuple[str, int], ...]:
    """Every placeholder in the line, known or not, with the offset at which it starts."""
    found = _PLACEHOLDER.finditer(line)
    return tuple((match["name"], match.start()) for match in found if match["name"])


def fill(line: str, values: Mapping[str, str]) -> str:
    """The line with its placeholders replaced. Raises KeyError for one that has no value."""
    quote = ""

    def replacement(token: re.Match[str]) -> str:
        nonlocal quote
        text = token[0]
        if token["literal"]:
            return text[1:-1]
        if token["name"]:
            return _quoted(values[token["name"]], quote)
        if text in {"'", '"'}:
            quote = text if not quote else ("" if quote == text else quote)
        elif quote == "'":
            # A backslash means nothing in single quotes, so the quote after it ends them.
            quote = "" if text[1] == "'" else quote
        return text

    return _TOKEN.sub(replacement, line)


def _quoted(value: str, quote: str) -> str:
    if quote == "'":
        return value.replace("'", "'\"'\"'")
    if quote == '"':
        return _SPECIAL_IN_DOUBLE_QUOTES.sub(r"\\\1", value)
    return shlex.quote(value)
