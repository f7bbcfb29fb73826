"""Files of the desk itself, which nobody but its owner can read."""

import contextlib
import os
import secrets
import uuid
from pathlib import Path

from gonogo.domain.errors import InvalidInput

_SHORTEST_SECRET = 32


def private(folder: Path) -> Path:
    """The folder, made where it is missing, and readable by its owner alone. Raises InvalidInput."""
    hint = "set GONOGO_HOME to a folder of yours"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid():
            raise InvalidInput(f"{folder} belongs to somebody else", hint=hint)
        folder.chmod(0o700)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be used: {error.strerror}", hint=hint) from error
    return folder


def secret(file: Path) -> str:
    """The secret in this file; made once, also when two desks begin in the same instant.

    It is on the disk before anybody uses it. Raises InvalidInput when it cannot be written, and when
    the file does not hold one: an empty secret would be everybody's.
    """
    try:
        if not file.exists():
            _make_secret(file)
        found = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(
            f"the secret {file} cannot be read or made: {what}", hint=f"ls -l {file}; df -h {file}"
        ) from error
    if len(found) < _SHORTEST_SECRET:
        raise InvalidInput(
            f"the secret {file} holds {len(found)} characters, and must have"
            f" {_SHORTEST_SECRET} at the least",
            hint=f"put {file} back from a backup, or delete it: a new one is made",
        )
    return found


def _make_secret(file: Path) -> None:
    made = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
    finally:
        made.unlink()
