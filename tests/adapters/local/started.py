"""Which of the small versions were ever started, and which of them live."""

from pathlib import Path

import psutil


def starts(files: Path) -> list[int]:
    """Numbers of all server processes that ever began."""
    written = files / "starts"
    return [int(line) for line in written.read_text().split()] if written.exists() else []


def alive(pid: int) -> bool:
    """Whether it runs, be it stopped or busy."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
