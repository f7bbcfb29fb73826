"""A stand-in for systemd where none runs: it reads real unit files and runs real processes.

`SystemdTwin` is the service manager, in threads of the test; its `program` is a `systemctl` that asks it.
It does what the adapters rely on and can be told to fail as the real one does.
"""

import configparser
import contextlib
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CLIENT = """#!{python} -IS
import _socket, sys
peer = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
peer.connect({address!r})
peer.send("\\0".join(sys.argv[1:]).encode() + b"\\0\\0")
answer = b""
while piece := peer.recv(65536):
    answer += piece
code, said, complaint = answer.decode().split("\\0")
sys.stdout.write(said)
sys.stderr.write(complaint)
sys.exit(int(code))
"""
CLEAN_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE}
NO_BUS = (1, "", "Failed to connect to bus: No such file or directory\n")
Settings = dict[str, list[str]]
Reply = tuple[int, str, str]


@dataclass
class Unit:
    """One loaded unit."""

    name: str
    settings: Settings
    text: str
    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    code: int = 0
    status: int = 0
    restarts: int = 0
    invocation: str = ""
    process: subprocess.Popen[bytes] | None = None
    restart_at: float = 0.0
    starts: list[float] = field(default_factory=list)

    def one(self, name: str, default: str = "") -> str:
        return self.settings.get(name, [default])[-1]


class SystemdTwin:
    """A service manager whose units are the files of `folder`.

    `fault` answers in its place unless it gives None. While `restarts` is false, what is to be started again
    waits.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[list[str]] = []
        self.fault: Callable[[list[str]], Reply | None] = lambda words: None
        self.restarts = True
        self._units: dict[str, Unit] = {}
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._home = Path(tempfile.mkdtemp(prefix="twin"))
        self.program = str(self._home / "systemctl")
        address = str(self._home / "s")
        Path(self.program).write_text(CLIENT.format(python=sys.executable, address=address))
        Path(self.program).chmod(0o755)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(address)
        self._listening.listen(50)
        self._threads = [threading.Thread(target=each) for each in (self._accept, self._watch)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End it and everything it runs."""
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listening.close()
        for unit in self._units.values():
            self._end(unit, 0)
        shutil.rmtree(self._home)

    def reloads(self) -> int:
        """How often its unit files were read again."""
        return sum(call[0] == "daemon-reload" for call in self.calls)

    def boot(self) -> None:
        """The machine goes down and comes up: what is wanted is started."""
        for unit in self._units.values():
            self._end(unit, 0)
        self._units.clear()
        for link in sorted((self.folder / "default.target.wants").iterdir()):
            assert link.resolve().exists(), f"{link} points nowhere"
            self._start(link.name)

    # talking

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            asked = b""
            while not asked.endswith(b"\0\0"):
                asked += peer.recv(65536)
            given = asked.decode().rstrip("\0").split("\0")
            words = [
                each for each in given if each not in {"--user", "--no-pager", "--no-ask-password"}
            ]
            self.calls.append(words)
            code, said, complaint = self.fault(words) or self._do(words)
            with contextlib.suppress(OSError):  # the caller has given up
                peer.sendall(f"{code}\0{said}\0{complaint}".encode())

    def _do(self, words: list[str]) -> Reply:
        verb, options = words[0], [each for each in words[1:] if each.startswith("--")]
        names = [each for each in words[1:] if not each.startswith("--")]
        if verb == "show":
            return self._show(options[0].removeprefix("--property=").split(","), names)
        if verb == "daemon-reload":
            with self._lock:
                for unit in self._units.values():
                    self._load_again(unit)
            return 0, "", ""
        try:
            return getattr(self, f"_do_{verb.replace('-', '_')}")(names[0], options)
        except FileNotFoundError:
            return 5, "", f"Failed to {verb} {names[0]}: Unit {names[0]} not found.\n"

    def _show(self, properties: Sequence[str], names: Sequence[str]) -> Reply:
        with self._lock:
            if not names:
                return (
                    0,
                    f"Version=252\nUnitPath=/etc/xdg/systemd/user {self.folder} /usr/lib/systemd/user\n",
                    "",
                )
            self._collect()
            blocks = []
            for name in names:
                if "*" in name:
                    found = [u for n, u in self._units.items() if fnmatch.fnmatchcase(n, name)]
                    blocks += [self._told(each) for each in found]
                else:
                    with contextlib.suppress(FileNotFoundError):
                        blocks.append(self._told(self._unit(name)))
                        continue
                    blocks.append(
                        {"Id": name, "LoadState": "not-found", "ActiveState": "inactive"}
                        | {"SubState": "dead", "NeedDaemonReload": "no", "MainPID": "0"}
                    )
        texts = [
            "".join(f"{k}={v}\n" for k, v in each.items() if k in properties) for each in blocks
        ]
        return 0, "\n".join(texts), ""

    def _told(self, unit: Unit) -> dict[str, object]:
        running = unit.process is not None and unit.process.returncode is None
        changed = self._read(unit.name) != unit.text
        return {
            "MainPID": unit.process.pid if running and unit.process else 0,
            "NRestarts": unit.restarts,
            "ExecMainCode": unit.code,
            "ExecMainStatus": unit.status,
            "Result": unit.result,
            "Id": unit.name,
            "LoadState": "loaded" if unit.settings.get("ExecStart") else "bad-setting",
            "ActiveState": unit.active,
            "SubState": unit.sub,
            "NeedDaemonReload": "yes" if changed else "no",
        }

    # unit files

    def _file(self, name: str) -> Path:
        return self.folder / re.sub(r"@.*\.service", "@.service", name)

    def _read(self, name: str) -> str:
        try:
            return self._file(name).read_text()
        except FileNotFoundError:
            return ""

    def _unit(self, name: str) -> Unit:
        if name not in self._units:
            if not self._file(name).exists():
                raise FileNotFoundError(name)
            self._units[name] = Unit(name, {}, "")
            self._load_again(self._units[name])
        return self._units[name]

    def _load_again(self, unit: Unit) -> None:
        unit.text = self._read(unit.name)
        parser = configparser.RawConfigParser(strict=True, delimiters="=")
        parser.optionxform = str  # type: ignore[assignment]
        parser.read_string(unit.text)
        instance = re.sub(r".*@(.*)\.service", r"\1", unit.name).replace("-", "/")
        plain = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), instance)
        unit.settings = {
            name: [re.sub(r"%[%I]", lambda found: {"%%": "%", "%I": plain}[found[0]], value)]
            for section in parser.sections()
            for name, value in parser.items(section)
        }

    def _collect(self) -> None:
        """Units that nothing is known of any more are forgotten, as systemd does."""
        for name, unit in list(self._units.items()):
            if unit.active == "inactive":
                del self._units[name]

    # processes

    def _start(self, name: str) -> Reply:
        with self._lock:
            unit = self._unit(name)
            if unit.active == "active":
                return 0, "", ""
            return self._run(unit)

    def _run(self, unit: Unit) -> Reply:
        failed = f"Job for {unit.name} failed because the control process exited with error code.\n"
        now = time.monotonic()
        unit.starts = [*(each for each in unit.starts if now - each < 3600), now]
        unit.invocation, unit.result, unit.code, unit.status = uuid.uuid4().hex, "success", 0, 0
        if len(unit.starts) > int(unit.one("StartLimitBurst", "5")):
            unit.active, unit.sub, unit.result = "failed", "failed", "start-limit-hit"
            return 1, "", failed
        environment = {"PATH": os.environ["PATH"], "INVOCATION_ID": unit.invocation}
        if source := unit.one("EnvironmentFile"):
            try:
                environment |= environment_file(Path(source).read_text())
            except FileNotFoundError:
                unit.active, unit.sub, unit.result = "failed", "failed", "resources"
                return 1, "", failed
        if not Path(unit.one("WorkingDirectory")).is_dir():
            self._main_ended(unit, 200)
            return 1, "", failed
        words = [each.replace("$$", "$") for each in shlex.split(unit.one("ExecStart"))]
        with Path(unit.one("StandardOutput").removeprefix("append:")).open("ab") as output:
            unit.process = subprocess.Popen(
                words,
                cwd=unit.one("WorkingDirectory"),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        unit.active, unit.sub = "active", "running"
        return 0, "", ""

    def _watch(self) -> None:
        while not self._ended.wait(0.01):
            with self._lock:
                for unit in list(self._units.values()):
                    process = unit.process
                    if process is not None and process.poll() is not None:
                        unit.process = None
                        if unit.active == "active":
                            self._main_ended(unit, process.returncode)
                    waits = unit.sub == "auto-restart" and self.restarts
                    if waits and time.monotonic() >= unit.restart_at:
                        unit.restarts += 1
                        self._run(unit)

    def _main_ended(self, unit: Unit, code: int) -> None:
        unit.code, unit.status = (1, code) if code >= 0 else (2, -code)
        clean = {0, *map(int, unit.one("SuccessExitStatus").split())}
        well = code in clean if code >= 0 else -code in CLEAN_SIGNALS
        unit.result = "success" if well else "exit-code" if code >= 0 else "signal"
        if well and unit.one("RemainAfterExit") == "yes":
            unit.active, unit.sub = "active", "exited"
            return
        self._kill_group(unit, signal.SIGKILL)
        if well or unit.one("Restart") != "on-failure":
            unit.active, unit.sub = ("inactive", "dead") if well else ("failed", "failed")
        else:
            unit.active, unit.sub = "activating", "auto-restart"
            unit.restart_at = time.monotonic() + float(unit.one("RestartSec"))

    def _group(self, unit: Unit) -> list[int]:
        """What stands for a control group: every process that has the unit's invocation."""
        tag = f"INVOCATION_ID={unit.invocation}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            # It may end while it is looked at, and those of others may not be read.
            with contextlib.suppress(OSError):
                if folder.name.isdecimal() and tag in (folder / "environ").read_bytes().split(
                    b"\0"
                ):
                    found.append(int(folder.name))
        return found

    def _kill_group(self, unit: Unit, number: int) -> None:
        for pid in self._group(unit):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _end(self, unit: Unit, within: float) -> None:
        with self._lock:
            process, unit.process = unit.process, None
            unit.active, unit.sub = "deactivating", "stop-sigterm"
        until = time.monotonic() + within
        first = signal.SIGTERM if within else signal.SIGKILL
        if unit.one("KillMode") == "mixed" and process is not None and within:
            process.send_signal(first)
        else:
            self._kill_group(unit, first)
        while (process is not None and process.poll() is None) or self._group(unit):
            if time.monotonic() >= until:
                self._kill_group(unit, signal.SIGKILL)
            time.sleep(0.01)
        with self._lock:
            unit.active, unit.sub = "inactive", "dead"

    # verbs

    def _do_start(self, name: str, options: list[str]) -> Reply:
        del options
        return self._start(name)

    def _do_stop(self, name: str, options: list[str]) -> Reply:
        del options
        if name not in self._units:
            return 5, "", f"Failed to stop {name}: Unit {name} not loaded.\n"
        unit = self._units[name]
        if unit.active == "failed":
            return 0, "", ""
        self._end(unit, float(unit.one("TimeoutStopSec", "90")))
        return 0, "", ""

    def _do_kill(self, name: str, options: list[str]) -> Reply:
        if name not in self._units:
            return 1, "", f"Failed to kill unit {name}: Unit {name} not loaded.\n"
        number = next(
            (each for each in options if each.startswith("--signal=")), "--signal=SIGTERM"
        )
        self._kill_group(self._units[name], signal.Signals[number.removeprefix("--signal=")])
        return 0, "", ""

    def _do_reset_failed(self, name: str, options: list[str]) -> Reply:
        del options
        if name not in self._units:
            return 1, "", f"Failed to reset failed state of unit {name}: Unit {name} not loaded.\n"
        unit = self._units[name]
        if unit.active == "failed":
            unit.active, unit.sub, unit.starts = "inactive", "dead", []
        return 0, "", ""

    def _do_reload(self, name: str, options: list[str]) -> Reply:
        del options
        unit = self._units.get(name)
        if unit is None or unit.process is None:
            return 1, "", f"{name} is not active, cannot reload.\n"
        words = shlex.split(unit.one("ExecReload").replace("$MAINPID", str(unit.process.pid)))
        code = subprocess.run(words, check=False).returncode
        return code, "", "" if code == 0 else f"Job for {name} failed.\n"


def environment_file(text: str) -> dict[str, str]:
    """As systemd reads NAME="value", where a backslash takes the meaning of four characters only."""
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        name, _, _ = text[place:].partition("=")
        place += len(name) + 2
        assert text[place - 1] == '"', json.dumps(text[place - 20 : place + 20])
        value = ""
        while text[place] != '"':
            if text[place] == "\\" and text[place + 1] in '"\\`$':
                place += 1
            value += text[place]
            place += 1
        found[name] = value
        place += 2  # the quote and the end of the line
    return found
