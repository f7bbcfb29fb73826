"""Whether the scripts of what runs on platforms are there, and whether every deploy is known to be done."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.notes import Phase, PlatformNote
from gonogo.adapters.command.scripts import named, scripts_of
from gonogo.domain.errors import GonogoError
from gonogo.domain.health import Finding, Health
from gonogo.domain.instance import Instance


class PlatformCheckup:
    """Looks at the notes of `deployer`, and at the files of versions, which `files` finds."""

    def __init__(self, deployer: CommandDeployer, files: Callable[[str, str], Path]) -> None:
        self._notes = deployer.notes
        self._files = files

    async def look(self) -> tuple[Finding, ...]:
        """One finding for each instance on a platform; the platform itself is not asked."""
        return await asyncio.to_thread(lambda: tuple(self._findings()))

    def _findings(self) -> Iterator[Finding]:
        for identity in self._notes.known():
            note = self._notes.found(identity)
            if note is not None:
                yield self._finding(note)

    def _finding(self, note: PlatformNote) -> Finding:
        instance = note.instance
        name = f"scripts of {named(instance)}"
        missing = self._missing(instance)
        if missing is not None:
            remedy = (
                "put it back where it was: it is needed to look at this version and to retire it"
            )
            return Finding(name, Health.CRITICAL, missing, remedy, service=instance.service)
        if note.phase is Phase.UNKNOWN:
            detail = "its deploy was begun and nobody saw it end"
            remedy = (
                "look on the platform whether it was done; read finds out by itself when it runs"
            )
            return Finding(name, Health.CRITICAL, detail, remedy, service=instance.service)
        return Finding(name, Health.GOOD, "all of them are there", service=instance.service)

    def _missing(self, instance: Instance) -> str | None:
        try:
            files = self._files(instance.service, instance.commit)
        except GonogoError as trouble:
            return str(trouble)
        if not files.is_dir():
            return f"the files of this version are not at {files}"
        for script, program in scripts_of(instance).programs.items():
            path = files / program
            if "/" not in program:
                if shutil.which(program) is None:
                    return f"{script} cannot be run: {program} is not on PATH"
            elif not path.is_file():
                return f"{script} cannot be run: {path} is not there"
            elif not os.access(path, os.X_OK):
                return f"{script} cannot be run: {path} may not be executed"
        return None
