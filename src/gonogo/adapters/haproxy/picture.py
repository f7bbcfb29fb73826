"""After which picture of the rows a router was laid out last, kept beside its configuration.

A desk that stood still may wake with an old picture in its hands, when another has taken over and gone
on. The number of the picture only ever rises; whoever comes with a lower one is refused. It is looked at
before anything is done and again before anybody is let in, under a lock that is held for an instant:
taking slots out waits for no disk and no other desk.
"""

import fcntl
import time
from pathlib import Path

from gonogo.domain.errors import OldPicture, Unavailable
from gonogo.domain.slot import Layout

PICTURE_FILE = "picture"
_LOCK_FILE = "picture.lock"
_PATIENCE_SECONDS = 1.0


def see_that_none_is_newer(home: Path, layout: Layout) -> None:
    """Raise OldPicture when the router follows a newer picture than the layout's."""
    newest = _newest(home)
    if newest > layout.picture:
        raise OldPicture(
            f"the router of {layout.service} in {layout.environment} follows picture {newest} of the"
            f" rows already, so it is not laid out after picture {layout.picture}",
            followed=newest,
            hint="after a backup was put in the database's place: gonogo down, then gonogo serve",
        )


def follow(home: Path, layout: Layout) -> None:
    """Write down that this picture is followed from now on. Raises Unavailable as above, and OSError."""
    if _newest(home) == layout.picture:
        return
    with (home / _LOCK_FILE).open("w") as lock:
        _take(lock.fileno(), layout)
        see_that_none_is_newer(home, layout)
        new = home / f"{PICTURE_FILE}.new"
        new.touch(mode=0o600)
        new.write_text(f"{layout.picture}\n")
        new.replace(home / PICTURE_FILE)


def forget(home: Path) -> None:
    """A router that was stopped follows nothing."""
    (home / PICTURE_FILE).unlink(missing_ok=True)


def _newest(home: Path) -> int:
    try:
        return int((home / PICTURE_FILE).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0


def _take(lock: int, layout: Layout) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"another desk is changing the router of {layout.service} in"
                    f" {layout.environment} and does not end"
                ) from None
            time.sleep(0.005)
        else:
            return
