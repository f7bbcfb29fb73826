"""Where the output of a process goes: a file that stays bounded, and its last lines.

A process writes to the file by itself, so that it outlives the desk. The file is opened for
appending, which makes it safe to empty it under a writer.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

LIMIT_BYTES = 64 * 1024 * 1024
TAIL_BYTES = 8 * 1024
TAIL_LINES = 20

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNPRINTABLE = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Output:
    """One output file and, beside it, the one before."""

    path: Path
    limit_bytes: int = LIMIT_BYTES

    @property
    def older(self) -> Path:
        """The file before this one."""
        return self.path.with_name(f"{self.path.name}.1")

    def open_new(self) -> int:
        """Begin a new file, keep one older; returns a descriptor that appends."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.path.exists():
            self.path.replace(self.older)
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def too_long(self) -> bool:
        """Whether it has grown past its limit."""
        try:
            return self.path.stat().st_size > self.limit_bytes
        except FileNotFoundError:
            return False

    def trim(self) -> None:
        """Move what was written into the older file. What is written meanwhile may be lost."""
        shutil.copyfile(self.path, self.older)
        os.truncate(self.path, 0)

    def tail(self, lines: int = TAIL_LINES, limit_bytes: int = TAIL_BYTES) -> str:
        """The last lines as text that is safe to print: no control characters, bad bytes replaced."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - limit_bytes))
                data = file.read(limit_bytes)
        except FileNotFoundError:
            return ""
        return "\n".join(printable(data.decode(errors="replace")).splitlines()[-lines:])


def printable(text: str) -> str:
    """Text without colours and with every other control character replaced."""
    plain = _COLOUR.sub("", text.replace("\r\n", "\n"))
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", plain)
