"""What the process is told by its environment, read once."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 8460


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds the database, the token, logs and sockets; it is readable by its owner alone.

    `public_url` is the address by which others reach the desk, as scheme and host; without one it
    answers to this machine only. `trusted_proxies` are addresses or networks whose word on for whom
    they ask (`X-Forwarded-For`, `X-Forwarded-Proto`) is believed.
    """

    home: Path
    port: int = DEFAULT_PORT
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "desk.sqlite3"

    @property
    def token(self) -> Path:
        """The file whose content opens the desk's API."""
        return self.home / "token"

    @property
    def address(self) -> Path:
        """The file in which a running desk says where it listens."""
        return self.home / "desk.json"

    @property
    def lock(self) -> Path:
        """The file that a running desk holds locked."""
        return self.home / "desk.lock"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """GONOGO_HOME (default: gonogo in the user's state directory), GONOGO_PORT, GONOGO_PUBLIC_URL and
    GONOGO_TRUSTED_PROXIES (addresses or networks, with commas).

    Raises ValueError naming the variable when one cannot be used.
    """
    state = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    home = Path(environ.get("GONOGO_HOME") or Path(state) / "gonogo").expanduser().absolute()
    text = environ.get("GONOGO_PORT", str(DEFAULT_PORT))
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise ValueError(f'GONOGO_PORT must be a port from 0 to 65535, not "{text}"')
    return Settings(
        home=home,
        port=int(text),
        public_url=_public_url(environ.get("GONOGO_PUBLIC_URL", "")),
        trusted_proxies=_networks(environ.get("GONOGO_TRUSTED_PROXIES", "")),
    )


def _public_url(text: str) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f'GONOGO_PUBLIC_URL is not an address: "{text}"') from error
    whole = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not whole or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "GONOGO_PUBLIC_URL must be scheme and host, like https://desk.example.org,"
            f' not "{text}"'
        )
    if parts.scheme == "http":
        raise ValueError(
            f"GONOGO_PUBLIC_URL {text} would send passwords unprotected through the network;"
            f" let a proxy end TLS and say https://{parts.netloc}"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _networks(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            raise ValueError(
                f'GONOGO_TRUSTED_PROXIES must be addresses or networks, and "{part}" is none'
            ) from error
    return found
