"""The unit files of one desk, in the folder that systemd reads for this user or for the machine.

Guarantees: a unit file is replaced as a whole; systemd reads its files again only when one was changed
or when it says itself that it has an older one, so that a desk that was killed between writing and
telling is made good by the next call. Files of others, and drop-ins, are never touched.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gonogo.adapters.local.lock import exclusive
from gonogo.adapters.systemd.names import Names
from gonogo.adapters.systemd.systemctl import Systemctl
from gonogo.domain.errors import ActionFailed

_LOCK_SECONDS = 60.0
_RELOAD_SECONDS = 60.0
OLDEST_VERSION = 240
"""The first with `Type=exec` and with output that is appended to a file."""


class UnitFolder:
    """Unit files named after the desk whose folder is `home`."""

    def __init__(
        self, home: Path, systemctl: Systemctl, *, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.names = Names.of(home)
        self.systemctl = systemctl
        self._lock = home.resolve() / "units.lock"
        if systemctl.user:
            settings = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
            self.path = Path(settings) / "systemd" / "user"
        else:
            self.path = Path("/etc/systemd/system")
        self._read_by_systemd = False

    def used(self) -> bool:
        """Whether this desk has any unit file or any unit that starts with the machine."""
        found = (self.path, self._wants)
        return any(next(folder.glob(self.names.everything), None) for folder in found)

    def wanted(self) -> frozenset[str]:
        """The units that start with the machine."""
        return frozenset(path.name for path in self._wants.glob(self.names.everything))

    def has(self, file: str) -> bool:
        """Whether there is this unit file."""
        return (self.path / file).exists()

    def says(self, file: str, text: str) -> bool:
        """Whether this unit file says this."""
        try:
            return (self.path / file).read_text("utf-8") == text
        except (OSError, UnicodeDecodeError):
            return False

    async def put(self, file: str, text: str, unit: str) -> None:
        """See that this unit file says this, and that systemd knows it for `unit`.

        Raises ActionFailed when it cannot be written or systemd refuses it, and Unavailable.
        """
        await self._see_that_it_is_read()
        async with exclusive(self._lock, _LOCK_SECONDS, f"write {file}"):
            with _writing(self.path / file):
                changed = await asyncio.to_thread(_replace, self.path / file, text)
            state = await self.systemctl.unit(unit)
            if changed or state.stale or state.load == "not-found":
                await self._reload()
                state = await self.systemctl.unit(unit)
            if state.load != "loaded":
                raise ActionFailed(
                    f"systemd does not take the unit {unit}: its load state is {state.load}",
                    hint=f"{self.systemctl.words} status '{unit}'; systemd-analyze verify",
                )

    async def remove(self, file: str, *, unless: Callable[[], bool] = lambda: False) -> None:
        """See that there is no such unit file, unless it is needed. Raises Unavailable and ActionFailed.

        Whether it is needed is asked while nobody can write it.
        """
        async with exclusive(self._lock, _LOCK_SECONDS, f"remove {file}"):
            if unless():
                return
            with _writing(self.path / file):
                there = (self.path / file).exists()
                (self.path / file).unlink(missing_ok=True)
            if there:
                await self._reload()

    async def clear(self) -> None:
        """See that no unit file of this desk is left, and that no router runs of one.

        For when nothing is to run any more. Raises Unavailable and ActionFailed.
        """
        if not self.used():
            return
        async with exclusive(self._lock, _LOCK_SECONDS, "remove all units of this desk"):
            for path in sorted(self.path.glob(self.names.everything)):
                if not path.name.endswith("@.service"):
                    await self.systemctl.tell("stop", "--", path.name)
                with _writing(path):
                    path.unlink(missing_ok=True)
            for unit in self.wanted():
                self.start_no_more(unit)
            await self._reload()

    def start_with_the_machine(self, unit: str, file: str) -> None:
        """See that systemd starts this unit by itself; what `systemctl enable` does, without a reload."""
        with _writing(self._wants / unit), contextlib.suppress(FileExistsError):
            self._wants.mkdir(parents=True, exist_ok=True)
            (self._wants / unit).symlink_to(Path("..") / file)

    def start_no_more(self, unit: str) -> None:
        """See that systemd does not start this unit by itself."""
        with _writing(self._wants / unit):
            (self._wants / unit).unlink(missing_ok=True)

    @property
    def _wants(self) -> Path:
        target = "default.target" if self.systemctl.user else "multi-user.target"
        return self.path / f"{target}.wants"

    async def _see_that_it_is_read(self) -> None:
        if self._read_by_systemd:
            return
        about = await self.systemctl.about("UnitPath", "Version")
        read = about["UnitPath"].split(" ")
        if version_number(about["Version"]) < OLDEST_VERSION:
            raise ActionFailed(
                f"systemd {about['Version']} is too old: {OLDEST_VERSION} or newer is needed",
                hint="deploy to processes",
            )
        if str(self.path) not in read:
            raise ActionFailed(
                f"systemd does not read units from {self.path}",
                hint=f"see {self.systemctl.words} show --property=UnitPath;"
                " XDG_CONFIG_HOME must be the same for the desk and for systemd",
            )
        self._read_by_systemd = True

    async def _reload(self) -> None:
        answer = await self.systemctl.tell("daemon-reload", within_seconds=_RELOAD_SECONDS)
        if answer.code != 0:
            raise ActionFailed(
                f"systemd did not read its units again: {answer.complaint.strip()[:500]}",
                detail=answer.complaint,
            )


def version_number(text: str) -> int:
    """The number in front of a version like 252.39-1; 0 where there is none."""
    found = re.search(r"[0-9]+", text)
    return int(found[0]) if found is not None else 0


def _replace(path: Path, text: str) -> bool:
    """Whether the file said anything else."""
    try:
        if path.read_text("utf-8") == text:
            return False
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)
    return True


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ActionFailed(
            f"the unit {path} cannot be written: {error.strerror or error}"
        ) from error
