"""Files of the desk itself, which nobody but its owner can read."""

import contextlib
import os
import secrets
import uuid
from pathlib import Path

from gonogo.domain.errors import InvalidInput


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
    """The secret in this file; made once, also when two desks begin in the same instant."""
    if not file.exists():
        made = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    return file.read_text().strip()
