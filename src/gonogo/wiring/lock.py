"""One desk for each folder: a lock that lives as long as the desk's process."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gonogo.domain.errors import Conflict

_LOOK_AGAIN_SECONDS = 0.05


@contextlib.contextmanager
def only_desk(file: Path, patience_seconds: float = 0.0) -> Iterator[TextIO]:
    """Hold a desk's lock: one desk for each SQLite database, or of one name over a shared one.

    A desk writes its process id into it.

    Whoever only looks whether a desk runs holds the lock for an instant; `patience_seconds` outlasts
    that. Raises Conflict when another process has it for longer.
    """
    deadline = time.monotonic() + patience_seconds
    with file.open("a") as lock:
        while not _taken(lock):
            if time.monotonic() >= deadline:
                raise Conflict(
                    f"a desk is running over {file.parent} already",
                    hint="use it (`gonogo status`), or end it with `gonogo down`",
                )
            time.sleep(_LOOK_AGAIN_SECONDS)
        yield lock


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
