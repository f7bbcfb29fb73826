"""Asking and telling systemd, by the `systemctl` that belongs to it.

Why a program and not D-Bus: it is there wherever systemd is, it finds the right bus or the manager's
private socket by itself, and one call tells of all units at once.

Guarantees: no call lasts longer than its limit, none waits for a password, and none outlives this
program's wait for it. An answer that is not understood in full is no answer: Unavailable.
"""

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from gonogo.domain.errors import Unavailable

ASK_SECONDS = 5.0
ACT_SECONDS = 30.0
_CALLS_AT_ONCE = 16
_PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "SubState", "Result", "NeedDaemonReload"),
    *("MainPID", "ExecMainCode", "ExecMainStatus", "NRestarts"),
)
_EXITED, _KILLED, _DUMPED = 1, 2, 3  # CLD_… of waitid(2), which is what ExecMainCode holds


class Standing(StrEnum):
    """What a unit comes to."""

    UP = "up"
    ENDING = "ending"
    ENDED = "ended"
    IDLE = "idle"


_STANDINGS = {
    "active": Standing.UP,
    "reloading": Standing.UP,
    "activating": Standing.UP,
    "deactivating": Standing.ENDING,
    "failed": Standing.ENDED,
    "inactive": Standing.IDLE,
}


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit as systemd tells of it. `code` and `status` are those of its last main process."""

    unit: str
    load: str
    active: str
    sub: str
    result: str
    pid: int | None
    code: int
    status: int
    restarts: int
    stale: bool

    @property
    def standing(self) -> Standing:
        """Whether its main process is there."""
        # One that ended well stays "active (exited)"; one that waits for its restart is "activating".
        if self.sub == "exited" or self.sub.startswith("auto-restart"):
            return Standing.ENDED
        found = _STANDINGS[self.active]
        return Standing.ENDED if found is Standing.ENDING and self.pid is None else found

    @property
    def exit_code(self) -> int | None:
        """How its last main process ended; negative for a signal, None when none has."""
        if self.code == _EXITED:
            return self.status
        return -self.status if self.code in {_KILLED, _DUMPED} else None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended and what it said."""

    code: int
    said: str
    complaint: str


class Systemctl:
    """The service manager of this user, or of the machine where the desk is run by root."""

    def __init__(
        self,
        *,
        user: bool | None = None,
        program: str = "systemctl",
        environ: Mapping[str, str] = os.environ,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        self.user = os.geteuid() != 0 if user is None else user
        self._program = program
        self._ask_seconds = ask_seconds
        self._environment = _environment(environ)
        # Of its own, so that calls that hang keep nobody else's work waiting.
        self._threads = ThreadPoolExecutor(_CALLS_AT_ONCE, "systemctl")

    @property
    def words(self) -> str:
        """How a person calls it."""
        return "systemctl --user" if self.user else "systemctl"

    async def units(self, *names: str) -> dict[str, UnitState]:
        """What is true of these units, or of all loaded ones that match a glob. Raises Unavailable."""
        listed = [f"--property={','.join(_PROPERTIES)}", "--", *names]
        blocks = (await self._asked("show", *listed)).strip("\n").split("\n\n")
        found = [self._state(block) for block in blocks if block]
        return {state.unit: state for state in found}

    async def unit(self, name: str) -> UnitState:
        """What is true of this unit, also where there is none. Raises Unavailable."""
        found = (await self.units(name)).get(name)
        if found is None:
            raise self._garbled(f"nothing of {name}")
        return found

    async def about(self, *properties: str) -> dict[str, str]:
        """Properties of the manager itself. Raises Unavailable."""
        fields = _fields(await self._asked("show", f"--property={','.join(properties)}"))
        if missing := set(properties) - fields.keys():
            raise self._garbled(f"nothing of {', '.join(sorted(missing))}")
        return fields

    async def tell(self, *words: str, within_seconds: float = ACT_SECONDS) -> Answer:
        """Give an order and wait for its end.

        Raises Unavailable when it does not end in time or the manager cannot be reached; a unit that
        cannot be started is an answer.
        """
        answer = await self._call(*words, within_seconds=within_seconds)
        if answer.code != 0 and _unreached(answer.complaint):
            raise self._failed(words[0], answer)
        return answer

    async def _asked(self, *words: str) -> str:
        answer = await self._call(*words, within_seconds=self._ask_seconds)
        if answer.code != 0:
            raise self._failed(words[0], answer)
        return answer.said

    async def _call(self, *words: str, within_seconds: float) -> Answer:
        scope = "--user" if self.user else "--system"
        line = (self._program, scope, "--no-pager", "--no-ask-password", *words)
        call = _Call(line, self._environment, within_seconds)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, call.run)
        except OSError as error:
            raise Unavailable(
                f"{self._program} cannot be run: {error.strerror or error}",
                hint="deploy to processes where there is no systemd",
            ) from error
        except subprocess.TimeoutExpired:
            raise Unavailable(
                f"systemd did not answer within {within_seconds:g} s: {self.words} {words[0]}",
                hint=f"{self.words} status",
            ) from None
        finally:
            call.end()

    def _state(self, block: str) -> UnitState:
        fields = _fields(block)
        try:
            state = UnitState(
                unit=fields["Id"],
                load=fields["LoadState"],
                active=fields["ActiveState"],
                sub=fields["SubState"],
                result=fields.get("Result", ""),
                pid=_number(fields.get("MainPID", "0")) or None,
                code=_number(fields.get("ExecMainCode", "0")),
                status=_number(fields.get("ExecMainStatus", "0")),
                restarts=_number(fields.get("NRestarts", "0")),
                stale={"yes": True, "no": False}[fields["NeedDaemonReload"]],
            )
        except (KeyError, ValueError) as error:
            raise self._garbled(f"{type(error).__name__} {error} in {block[:200]!r}") from None
        if state.active not in _STANDINGS:
            raise self._garbled(f'ActiveState "{state.active}" of {state.unit}')
        if state.load == "loaded" and "MainPID" not in fields:
            raise self._garbled(f"no MainPID of {state.unit}")
        return state

    def _failed(self, verb: str, answer: Answer) -> Unavailable:
        said = " ".join(answer.complaint.split())[:500] or f"it ended with {answer.code}"
        hint = f"{self.words} status"
        if self.user:
            hint += "; a user without a session needs: loginctl enable-linger"
        return Unavailable(f"systemd does not answer {self.words} {verb}: {said}", hint=hint)

    def _garbled(self, what: str) -> Unavailable:
        return Unavailable(f"{self.words} show said what is not understood: {what}")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    found = {name: environ[name] for name in kept if environ.get(name)}
    # A desk that is a service itself has no session that would say where its user's manager is.
    found.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")
    found.setdefault("PATH", os.defpath)
    return {**found, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.splitlines())
    return {name: value for name, equals, value in pairs if equals}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 12:
        raise ValueError(text)
    return int(text)


def _unreached(complaint: str) -> bool:
    return any(
        words in complaint
        for words in (
            "Failed to connect to bus",
            "Can't operate",
            "Transport endpoint",
            "timed out",
        )
    )


class _Call:
    """One run of a program, in a thread, that can be ended from another.

    Not a subprocess of asyncio: a loop that closes while one is being made waits for it for ever.
    """

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str], within_seconds: float
    ) -> None:
        self._words = words
        self._environment = environment
        self._within_seconds = within_seconds
        self._lock = threading.Lock()
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> Answer:
        """Its answer. Raises OSError and TimeoutExpired."""
        with self._lock:
            if self._ended:
                return Answer(-signal.SIGKILL, "", "")
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
            )
        with self._process as process:
            try:
                said, complaint = process.communicate(timeout=self._within_seconds)
            finally:
                process.kill()
        return Answer(
            process.returncode, said.decode(errors="replace"), complaint.decode(errors="replace")
        )

    def end(self) -> None:
        """Whatever ended the wait for it, nothing of it is left."""
        with self._lock:
            self._ended = True
        if self._process is not None:
            self._process.kill()
