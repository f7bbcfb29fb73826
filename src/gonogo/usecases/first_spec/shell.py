"""Shell lines from a repository's files, made to start on the port that is given."""

import re
import shlex

from gonogo.domain.placeholders import placeholders

LONGEST = 500

_HOST = r"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]|\*)"
_PORTS = (
    re.compile(r"(?P<before>(?:^|\s)(?:--port|--http-port|--server\.port)(?:\s+|=))\d{2,5}\b"),
    re.compile(r"(?P<before>(?:^|\s)-[pP]\s*)\d{2,5}\b"),
)
_HOSTED = re.compile(rf"(?<![\w.]){_HOST}:(?:\d{{2,5}}\b|(?=\$))")
_BOUND = re.compile(
    r"(?P<before>(?:^|\s)(?:--bind|-b|--listen|--http|-S|runserver)(?:\s+|=)):?\d{2,5}\b"
)
_OPEN = re.compile(
    r"(?P<before>(?:^|\s)(?:--host|--hostname|-H|-h|--address)(?:\s+|=))0\.0\.0\.0\b"
)
_PORT = re.compile(r"(?<!\{)\{port\}(?!\})|\$PORT\b|\$\{PORT[}:]")
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
    for name, offset in reversed(placeholders(line)):
        end = offset + len(name) + 2
        line = f"{line[:offset]}{{{line[offset:end]}}}{line[end:]}"
    return line


def on_port(line: str) -> str:
    """A command from a file, on {port} of this machine alone where it names a port or an address."""
    found = literal(line.strip())
    for pattern in _PORTS:
        found = pattern.sub(r"\g<before>{port}", found)
    found = _HOSTED.sub(
        lambda match: "127.0.0.1:" + ("{port}" if match[0][-1] != ":" else ""), found
    )
    found = _BOUND.sub(r"\g<before>127.0.0.1:{port}", found)
    found = _OPEN.sub(r"\g<before>127.0.0.1", found)
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
    return f"cd {literal(shlex.quote(folder.rstrip('/')))} && {line}" if folder else line


def simple(line: str) -> bool:
    """Whether it is one program with its arguments."""
    return not _COMPOUND.search(line) and "$" not in line
