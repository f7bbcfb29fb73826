"""What lies in an instance's own folder for its unit to read: its line, its variables, its files.

The folder and everything in it is for the desk's user alone: the variables hold secrets, which systemd
has to find again when it restarts the instance with no desk there. They are deleted when it is stopped.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.local.output import Output
from gonogo.adapters.systemd.texts import environment_text


@dataclass(frozen=True, slots=True)
class InstanceFiles:
    """The files of one instance in its folder. The names are those that `texts` gives to units."""

    folder: Path

    @property
    def output(self) -> Output:
        """Where its unit writes."""
        return Output(self.folder / "output.log")

    def write(self, line: str, variables: Mapping[str, str], files: Path) -> None:
        """Write all of them and begin a new output.

        Raises OSError, and ValueError for what no unit can hold.
        """
        said = environment_text(dict(variables))
        if "\0" in line:
            raise ValueError("its line holds a null byte")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        _private(self.folder / "environment", said)
        _private(self.folder / "line", line)
        fresh = self.folder / "files.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(files)
        fresh.replace(self.folder / "files")
        os.close(self.output.open_new())

    def remove(self) -> None:
        """Delete all but the output. Raises OSError."""
        for name in ("environment", "line", "files", "environment.new", "line.new", "files.new"):
            (self.folder / name).unlink(missing_ok=True)


def _private(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    fresh.replace(path)
