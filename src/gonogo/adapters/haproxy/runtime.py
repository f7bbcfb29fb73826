"""Talking to a running HAProxy over its runtime socket."""

import asyncio
import csv
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.haproxy.config import ADDRESSES_FILE, RING, SOCKET_FILE, TESTERS_FILE
from gonogo.domain.errors import InvalidInput, Unavailable

_LONGEST_SOCKET_PATH = 100  # the kernel takes 107 bytes on Linux and 103 elsewhere
_ANSWER_WITHIN = 2.0


class NotRunning(Unavailable):
    """Nothing listens on the runtime socket."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server of one backend as `show stat` tells it."""

    address: str
    status: str
    weight: int
    sessions: int
    check: str

    @property
    def reachable(self) -> bool:
        """Whether HAProxy lets requests in."""
        return not self.status.startswith("MAINT")

    @property
    def up(self) -> bool:
        """Whether it lets requests in and the last health check, if there was one, went well."""
        return self.status.startswith(("UP", "no check")) and self.check in {"", "INI", "L4OK"}

    @property
    def wavering(self) -> bool:
        """Whether the next failed health check would take it out, or one did."""
        return self.status.startswith(("DOWN", "UP 1/"))


@dataclass(frozen=True, slots=True)
class State:
    """What a running HAProxy says of itself. `servers` maps (backend, slot) to its row.

    `requests` is the number of customers' requests it has finished, and thus of the log lines it wrote.
    """

    pid: int
    description: str
    servers: dict[tuple[str, str], ServerRow]
    requests: int
    testers: dict[str, str]
    addresses: dict[str, str]


@asynccontextmanager
async def connection(
    directory: Path,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the runtime socket in `directory`. Raises NotRunning when nobody listens."""
    with _socket_path(directory) as path:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                reader, writer = await asyncio.open_unix_connection(path, limit=1 << 16)
        except TimeoutError:
            raise _silent(directory) from None
        except (FileNotFoundError, ConnectionError) as error:
            raise NotRunning(f"no HAProxy listens in {directory}", hint="gonogo doctor") from error
        except OSError as error:
            raise Unavailable(
                f"HAProxy's socket in {directory} cannot be used: {error.strerror or error}"
            ) from error
    try:
        yield reader, writer
    finally:
        writer.close()


async def command(directory: Path, *lines: str) -> str:
    """Give commands, in order, and return what HAProxy says to them.

    Raises NotRunning when nobody listens and Unavailable when no answer comes within two seconds.
    """
    async with connection(directory) as (reader, writer):
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                writer.write((";".join(lines) + "\n").encode())
                return (await reader.read(-1)).decode(errors="replace")
        except TimeoutError:
            raise _silent(directory) from None
        except ConnectionError as error:
            raise NotRunning(f"HAProxy in {directory} went away", hint="gonogo doctor") from error


async def state(directory: Path) -> State:
    """Everything that is compared and counted, in one question."""
    answer = await command(
        directory,
        "show info",
        "show stat",
        f"show map {ADDRESSES_FILE}",
        f"show map {TESTERS_FILE}",  # may be empty, so it stands last: an empty answer is no part
    )
    parts = answer.split("\n\n")
    if len(parts) < 4 or not parts[1].lstrip().startswith("# pxname"):
        raise _broken(directory, answer)
    info = _facts(parts[0])
    servers, requests = _statistics(parts[1])
    return State(
        pid=int(info["Pid"]),
        description=info.get("description", ""),
        servers=servers,
        requests=requests,
        addresses=_map(parts[2]),
        testers=_map(parts[3]),
    )


async def position(directory: Path) -> tuple[int, int]:
    """(process id, number of the next log line): where the stream of log lines stands now."""
    parts = (await command(directory, *_POSITION)).split("\n\n")
    return _position(directory, parts[0], parts[1] if len(parts) > 1 else "")


async def follow(directory: Path, stack: AsyncExitStack) -> tuple[int, int, asyncio.StreamReader]:
    """Log lines as they are written: (process id, number of the next line, reader of the stream).

    The stream begins with the older lines that the ring still holds. It lives as long as `stack`.
    Raises Unavailable where nothing answers in time, NotRunning where HAProxy is gone.
    """
    reader, writer = await stack.enter_async_context(connection(directory))
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            writer.write((";".join([*_POSITION, f"show events {RING} -w"]) + "\n").encode())
            info = (await reader.readuntil(b"\n\n")).decode()
            statistics = (await reader.readuntil(b"\n\n")).decode()
    except TimeoutError:
        raise _silent(directory) from None
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        raise NotRunning(f"HAProxy in {directory} went away", hint="gonogo doctor") from error
    return *_position(directory, info, statistics), reader


_POSITION = ("show info", "show stat entrance 1 -1")


def _position(directory: Path, info: str, statistics: str) -> tuple[int, int]:
    facts = _facts(info)
    if "Pid" not in facts or not statistics.strip():
        raise _broken(directory, info)
    return int(facts["Pid"]), _statistics(statistics)[1]


def _facts(info: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)


def _statistics(text: str) -> tuple[dict[tuple[str, str], ServerRow], int]:
    servers, requests = {}, 0
    for row in csv.DictReader(text.lstrip("# \n").splitlines()):
        if row["svname"] == "FRONTEND":
            # HAProxy adds to these right before it writes a request's log line.
            requests = sum(
                int(number or 0) for name, number in row.items() if name.startswith("hrsp_")
            )
        elif row["svname"] != "BACKEND":
            servers[row["pxname"], row["svname"]] = ServerRow(
                address=row["addr"],
                status=row["status"],
                weight=int(row["weight"]),
                sessions=int(row["scur"]),
                check=row["check_status"].lstrip("* "),
            )
    return servers, requests


def _map(text: str) -> dict[str, str]:
    entries = {}
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[0].startswith("0x"):
            entries[words[1]] = words[2]
    return entries


@contextmanager
def _socket_path(directory: Path) -> Iterator[str]:
    """A path of the socket that is short enough for the kernel."""
    path = str(directory / SOCKET_FILE)
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        yield path
        return
    if sys.platform != "linux":
        raise InvalidInput(
            f"the path {path} has {len(os.fsencode(path))} bytes, a socket's may have"
            f" {_LONGEST_SOCKET_PATH}",
            hint="move the desk's directory to a shorter path",
        )
    try:
        opened = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    except FileNotFoundError as error:
        raise NotRunning(f"no HAProxy listens in {directory}") from error
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET_FILE}"
    finally:
        os.close(opened)


def _broken(directory: Path, answer: str) -> Unavailable:
    """No answer at all means that it ended; half of one is no reason to think so and start another."""
    kind = Unavailable if answer.strip() else NotRunning
    return kind(f"HAProxy in {directory} broke off in the middle of its answer")


def _silent(directory: Path) -> Unavailable:
    return Unavailable(
        f"HAProxy in {directory} did not answer within {_ANSWER_WITHIN:g} s",
        hint="see whether its process is stopped or overloaded",
    )
