"""The machine under the desk: room on the disk, the programs that the desk calls, and its clock."""

import ctypes
import shutil
import sys
from pathlib import Path

from gonogo.domain.health import Finding, Health

_CRITICAL_BYTES = 200 * 1024**2
_LOW_BYTES = 2 * 1024**3


class HostCheckup:
    """`home` is the folder whose disk matters."""

    def __init__(self, home: Path) -> None:
        self._home = home

    async def look(self) -> tuple[Finding, ...]:
        """Disk, git, and the clock where the system tells of it."""
        return (self._disk(), self._git(), *_clock())

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


class _Timex(ctypes.Structure):
    """As much of Linux's `struct timex` as is read; the rest is room for what the kernel writes."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512))


_UNSYNCHRONISED = 5


def _clock() -> tuple[Finding, ...]:
    """Whether the kernel knows its clock to be kept in time; nothing where it cannot be asked."""
    if sys.platform != "linux":
        return ()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        return ()
    if state < 0:
        return ()
    if state == _UNSYNCHRONISED:
        return (
            Finding(
                "clock",
                Health.RECOMMENDED,
                "nothing keeps this machine's clock in time",
                "install chrony, or see `timedatectl`",
            ),
        )
    return (Finding("clock", Health.GOOD, "this machine's clock is kept in time"),)
