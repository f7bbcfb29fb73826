"""Which desk the command line talks to, and as whom: GONOGO_URL, GONOGO_TOKEN, GONOGO_TOKEN_FILE."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from gonogo.cli.files import text_of
from gonogo.domain.errors import InvalidInput

_LONGEST = 4096
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """None: the desk over this folder, as its owner."""

    url: str | None = None
    token: str | None = None


def read_access(environ: Mapping[str, str] = os.environ) -> Access:
    """What the environment says. Messages never repeat a token.

    Raises InvalidInput for a URL over which a token could be read on its way, for a token that is
    none, and for a desk elsewhere without a token: the owner's own must not be sent to anybody.
    """
    url, token = environ.get("GONOGO_URL") or None, environ.get("GONOGO_TOKEN") or None
    told_by, file = "GONOGO_TOKEN", environ.get("GONOGO_TOKEN_FILE")
    if token is None and file:
        told_by = "GONOGO_TOKEN_FILE"
        token = _content(Path(file).expanduser())
    if token is not None:
        token = token.strip()
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise InvalidInput(f"{told_by} holds no token: a token is one word in one line")
    if url is None:
        return Access(token=token)
    if token is None:
        raise InvalidInput(
            "GONOGO_URL names a desk, and there is no token for it",
            hint="set GONOGO_TOKEN, or GONOGO_TOKEN_FILE to a file that only you can read",
        )
    return Access(url=_checked(url), token=token)


def _content(file: Path) -> str:
    try:
        return text_of(file, _LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(f"GONOGO_TOKEN_FILE {file} cannot be read: {what}") from error


def _checked(url: str) -> str:
    parts = _split(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not parts.hostname or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise InvalidInput(f"GONOGO_URL must be the address of a desk, not {_shown(parts)!r}")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("GONOGO_URL must not hold a name or password; set GONOGO_TOKEN")
    if not safe:
        raise InvalidInput(
            f"GONOGO_URL {_shown(parts)} would send the token unprotected through the network",
            hint=f"https://{parts.netloc}",
        )
    return url.rstrip("/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput("GONOGO_URL is not an address") from error
    return parts


def _shown(parts: SplitResult) -> str:
    """An address without what may be secret in it."""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
