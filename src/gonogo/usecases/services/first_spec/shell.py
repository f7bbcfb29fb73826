"""Shell lines from a repository's files, made to start on the port that is given."""

import re
import shlex

LONGEST = 500

_END = r"(?![\w.:])"
_OPTION = (
    r"(?P<before>(?:^|\s)"
    r"(?:--bind|-b|--listen|-l|--http|--http-socket|--addr|-addr|--address|-S|runserver)(?:\s+|=))"
)
_NUMBER = (
    re.compile(
        rf"(?P<before>(?:^|\s)(?:--port|-port|--http-port|--server\.port)(?:\s+|=))\d{{2,5}}{_END}"
    ),
    re.compile(rf"(?P<before>(?:^|\s)-[pP]\s*)\d{{2,5}}{_END}"),
)
_ADDRESSES = (
    re.compile(rf"{_OPTION}(?:[\w.*]+|\[::1?\])?:?\d{{2,5}}{_END}"),
    re.compile(rf"(?P<before>^|[\s/=])(?:0\.0\.0\.0|\[::\]):\d{{2,5}}{_END}"),
)
_OPEN_TO_ALL = re.compile(r"(?<![\w.])(?:0\.0\.0\.0|\[::\])(?![\w.])")
"""Only the desk's router is to reach a version, so it listens on this machine alone."""

_PORT = re.compile(r"(?<!\{)\{port\}(?!\})|\$PORT\b|\$\{PORT[}:]")
_BRACES = re.compile(r"\{\{[A-Za-z_]\w*\}\}|(?<!\$)\{[A-Za-z_]\w*\}", re.ASCII)
_COMPOUND = re.compile(r"[;&|()<>`\n]|\$\(")
_ASSIGNMENT = re.compile(r"^(?:[A-Za-z_]\w*=\S*\s+)+")
_PYTHON = re.compile(
    r"^(?:python[0-9.]*|pip|uvicorn|gunicorn|hypercorn|daphne|waitress-serve|flask|fastapi|"
    r"alembic|django-admin|granian|sanic|litestar|quart)(?=\s|$)"
)


def usable(line: str) -> bool:
    """Whether a line from a file can be a command of a spec."""
    return 0 < len(line) <= LONGEST and line.isprintable() and not line.isspace()


def literal(line: str) -> str:
    """The line with its own braces kept from being read as placeholders."""
    return _BRACES.sub(lambda found: f"{{{found[0]}}}", line)


def word(text: str) -> str:
    """A path or name as one word of a command."""
    return literal(shlex.quote(text))


def on_port(line: str) -> str:
    """A command from a file, on {port} of this machine alone where it names a port or an address."""
    found = literal(line.strip())
    for pattern in _NUMBER:
        found = pattern.sub(r"\g<before>{port}", found)
    for pattern in _ADDRESSES:
        found = pattern.sub(r"\g<before>127.0.0.1:{port}", found)
    found = _OPEN_TO_ALL.sub("127.0.0.1", found)
    return given_port(found)


def given_port(line: str) -> str:
    """The command with PORT set before it, where it does not name its port itself."""
    if _PORT.search(line):
        return line
    return f"export PORT={{port}}; {line}" if _COMPOUND.search(line) else f"PORT={{port}} {line}"


def from_virtualenv(line: str) -> str:
    """The command with the programs of .venv before those of the machine."""
    if _COMPOUND.search(line):
        return f'export PATH="$PWD/.venv/bin:$PATH"; {line}'
    start = found.end() if (found := _ASSIGNMENT.match(line)) else 0
    if _PYTHON.match(line[start:]):
        return f"{line[:start]}.venv/bin/{line[start:]}"
    return line


def within(folder: str, line: str) -> str:
    """The command run in a folder of the repository, "" for its top."""
    return f"cd {word(folder.rstrip('/'))} && {line}" if folder else line


def simple(line: str) -> bool:
    """Whether it is one program with its arguments."""
    return not _COMPOUND.search(line) and "$" not in line
