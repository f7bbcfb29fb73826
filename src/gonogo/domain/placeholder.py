"""Placeholders in shell lines: `{port}` becomes a value, quoted for the place it stands in.

A version is the name of a git tag and may hold `;` or `$`, a database's address holds `&`: put into
a shell line as they are, they would be read as commands. So a value is written as one word where the
line is unquoted, and escaped for the quotes it stands in elsewhere. `${name}` belongs to the shell
and is left alone, as is any name that is not known.
"""

import re
import shlex
from collections.abc import Mapping

_TOKEN = re.compile(r"\\.|'|\"|\$\{[^}]*\}|\{([a-z_]+)\}", re.DOTALL)
_SPECIAL_IN_DOUBLE_QUOTES = re.compile(r'([\\"$`])')


def fill(line: str, values: Mapping[str, str]) -> str:
    """The line with every known `{name}` replaced."""
    quote = ""

    def replacement(token: re.Match[str]) -> str:
        nonlocal quote
        text = token[0]
        if text in {"'", '"'}:
            quote = text if not quote else ("" if quote == text else quote)
        elif quote == "'" and text.startswith("\\"):
            # A backslash means nothing in single quotes, so the quote after it ends them.
            quote = "" if text[1] == "'" else quote
        elif token[1] in values:
            return _quoted(values[token[1]], quote)
        return text

    return _TOKEN.sub(replacement, line)


def _quoted(value: str, quote: str) -> str:
    if quote == "'":
        return value.replace("'", "'\"'\"'")
    if quote == '"':
        return _SPECIAL_IN_DOUBLE_QUOTES.sub(r"\\\1", value)
    return shlex.quote(value)
