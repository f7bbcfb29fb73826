"""The machine under the desk: room on the disk, and the programs that the desk calls."""

import shutil
from pathlib import Path

from gonogo.domain.health import Finding, Health

_CRITICAL_BYTES = 200 * 1024**2
_LOW_BYTES = 2 * 1024**3


class HostCheckup:
    """`home` is the folder whose disk matters."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def look(self) -> tuple[Finding, ...]:
        """Disk and git."""
        return (self._disk(), self._git())

    def _disk(self) -> Finding:
        free = shutil.disk_usage(self._home).free
        detail = f"{free / 1024**3:.1f} GiB free under {self._home}"
        if free < _CRITICAL_BYTES:
            return Finding(
                "disk", Health.CRITICAL, detail, "make room: nothing can be recorded soon"
            )
        if free < _LOW_BYTES:
            return Finding("disk", Health.RECOMMENDED, detail, "make room")
        return Finding("disk", Health.GOOD, detail)

    def _git(self) -> Finding:
        found = shutil.which("git")
        if found is None:
            remedy = "install git, for example with: apt install git"
            return Finding("git", Health.CRITICAL, "git is not on PATH", remedy)
        return Finding("git", Health.GOOD, found)
