"""Routers as units of systemd: one for each service and environment, named after them.

Why one unit and not one for each process: the router hands its sockets from worker to worker under one
main process, so that systemd supervises it through every change. Only the first start may have to take
over a detached process; what it has to be told for that is in a file that is read once, because a
restart by systemd must never signal a process by a number that somebody else may have by then.
"""

from collections.abc import Sequence
from pathlib import Path

from gonogo.adapters.local.lock import exclusive
from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.systemctl import Answer, Standing
from gonogo.adapters.systemd.texts import ONCE_FILE, router_text
from gonogo.domain.errors import ActionFailed

_LOCK_SECONDS = 60.0
_STOP_SECONDS = 15.0


class SystemdRouters:
    """Looks after the router of each directory `…/service/environment`, with units in `units`."""

    def __init__(self, units: UnitFolder) -> None:
        self._units = units
        self._systemctl = units.systemctl

    def knows(self, directory: Path) -> bool:
        """Whether its unit was started and not forgotten, be it running or not."""
        return self._unit(directory) in self._units.wanted()

    async def runs(self, directory: Path) -> bool:
        """Whether its unit's main process is there. Raises Unavailable."""
        state = await self._systemctl.unit(self._unit(directory))
        return state.standing is Standing.UP

    async def keep(self, directory: Path, command: Sequence[str], log: Path) -> None:
        """See that systemd would start this command again, without touching what runs.

        A newer gonogo may have its router elsewhere. Raises as `start` does.
        """
        unit, text = self._unit(directory), self._text(directory, command, log)
        if not self._units.says(unit, text):
            await self._units.put(unit, text, unit)

    async def start(
        self, directory: Path, command: Sequence[str], log: Path, *, once: Sequence[str]
    ) -> None:
        """See that its unit runs this command with the configuration that is there now.

        One that runs is told to reload where there is something to say `once`; one that is started
        gets those words added, this time. Raises ActionFailed where systemd refuses, and Unavailable.
        """
        unit = self._unit(directory)
        async with exclusive(directory / "unit.lock", _LOCK_SECONDS, f"start {unit}"):
            text = self._text(directory, command, log)
            await self._units.put(unit, text, unit)
            state = await self._systemctl.unit(unit)
            if state.standing is Standing.UP:
                if once:
                    self._require(unit, await self._systemctl.tell("reload", "--", unit))
                return
            await self._clear(unit)
            _say_once(directory, once)
            self._require(unit, await self._systemctl.tell("start", "--", unit))
            self._units.start_with_the_machine(unit, unit)

    async def end(self, directory: Path, *, forget: bool) -> None:
        """See that its unit does not run; with `forget` that there is none. Raises as `start` does."""
        unit = self._unit(directory)
        if not self._units.has(unit):
            return
        async with exclusive(directory / "unit.lock", _LOCK_SECONDS, f"stop {unit}"):
            if forget:
                self._units.start_no_more(unit)
            await self._clear(unit)
            _say_once(directory, ())
            if forget:
                await self._units.remove(unit)

    async def _clear(self, unit: str) -> None:
        state = await self._systemctl.unit(unit)
        if state.standing is not Standing.IDLE:
            await self._systemctl.tell("stop", "--", unit, within_seconds=_STOP_SECONDS)
            state = await self._systemctl.unit(unit)
        if state.standing is Standing.ENDED:
            await self._systemctl.tell("reset-failed", "--", unit)
        elif state.standing is not Standing.IDLE:
            raise ActionFailed(
                f"{unit} does not end", hint=f"{self._systemctl.words} status '{unit}'"
            )

    def _require(self, unit: str, answer: Answer) -> None:
        if answer.code != 0:
            raise ActionFailed(
                f"systemd did not start {unit}: {' '.join(answer.complaint.split())[:300]}",
                detail=answer.complaint,
                hint=f"{self._systemctl.words} status '{unit}'",
            )

    def _text(self, directory: Path, command: Sequence[str], log: Path) -> str:
        return router_text(
            self._unit(directory),
            directory.parent.name,
            directory.name,
            directory,
            command=command,
            log=log,
            user=self._systemctl.user,
        )

    def _unit(self, directory: Path) -> str:
        return self._units.names.router(directory.parent.name, directory.name)


def _say_once(directory: Path, words: Sequence[str]) -> None:
    file = directory / ONCE_FILE
    if words:
        file.write_text(" ".join(words))
    else:
        file.unlink(missing_ok=True)
