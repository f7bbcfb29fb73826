"""What is written down about instances: enough to know each one again, and no secrets.

A note is replaced as a whole. One is written before the process is started and again once its
number is known; a note without a number means that the process, if there is one, is found by its tag.
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gonogo.adapters.local.process import Identity
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.instance import Instance, KnownInstance

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_KEPT_FOLDERS = 50
_FENCE = "fence"


@dataclass(frozen=True, slots=True)
class Note:
    """One instance as it was started."""

    id: str
    service: str
    environment: str
    version: str
    commit: str
    port: int
    leader: Identity | None = None

    @classmethod
    def of(cls, instance: Instance) -> "Note":
        """What is written down of it before it is started."""
        return cls(
            id=instance.id,
            service=instance.service,
            environment=instance.environment,
            version=instance.version,
            commit=instance.commit,
            port=instance.port,
        )

    def known(self, pid: int | None) -> KnownInstance:
        """It as others know it; `pid` is None when it does not run."""
        return KnownInstance(
            id=self.id,
            service=self.service,
            environment=self.environment,
            version=self.version,
            commit=self.commit,
            port=self.port,
            pid=pid,
            running=pid is not None,
        )


class Notes:
    """Notes of one directory, a folder for each instance."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def folder(self, instance: str) -> Path:
        """Where this instance's note, lock and output are. Raises InvalidInput for an unsafe id."""
        return self._directory / safe_name(instance, "instance")

    def read(self, instance: str) -> Note | None:
        """Its note; None when there is none or it cannot be read."""
        try:
            fields: dict[str, Any] = json.loads(self._file(instance).read_bytes())
            leader = fields.pop("leader")
            return Note(**fields, leader=None if leader is None else Identity(**leader))
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, note: Note) -> None:
        """Replace its note as a whole."""
        target = self._file(note.id)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(note)), "utf-8")
        fresh.replace(target)

    def remove(self, instance: str) -> None:
        """Forget it; its output is kept."""
        self._file(instance).unlink(missing_ok=True)

    def raise_fence(self, instance: str, fence: int) -> None:
        """Write down after which picture of the rows this instance is acted on now.

        Called with its lock held. Raises Unavailable when that was a newer one before.
        """
        file = self.folder(instance) / _FENCE
        newest = _number(file)
        if newest > fence:
            raise Unavailable(
                f"{instance} was acted on after picture {newest} of the rows already, so nothing is"
                f" done after picture {fence}",
                hint="after a backup was put in the database's place: gonogo down, then gonogo serve",
            )
        if newest < fence:
            fresh = file.with_suffix(".new")
            fresh.write_text(f"{fence}\n", "utf-8")
            fresh.replace(file)

    def forget_fence(self, instance: str) -> None:
        """Whoever acts on it next begins anew."""
        (self.folder(instance) / _FENCE).unlink(missing_ok=True)

    def known(self) -> list[str]:
        """Ids of all instances with a note, sorted."""
        return sorted(path.parent.name for path in self._directory.glob("*/note.json"))

    def prune(self) -> None:
        """Delete what forgotten instances left behind, but for the newest."""
        forgotten = [
            folder
            for folder in self._directory.glob("*")
            if folder.is_dir() and not (folder / "note.json").exists()
        ]
        forgotten.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        for folder in forgotten[_KEPT_FOLDERS:]:
            shutil.rmtree(folder, ignore_errors=True)

    def _file(self, instance: str) -> Path:
        return self.folder(instance) / "note.json"


def _number(file: Path) -> int:
    try:
        return int(file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return 0


def safe_name(name: str, what: str) -> str:
    """The name, when it can be the name of a file. Raises InvalidInput otherwise."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f'the {what} name "{name}" cannot be used: take letters, digits, ".", "_" and "-",'
            " at most 200, beginning with a letter or digit"
        )
    return name
