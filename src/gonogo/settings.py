"""What the process is told by its environment, read once."""

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_PORT = 8460
_DATABASES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds the database, the token, logs and sockets; it is readable by its owner alone.

    `database_url` is a PostgreSQL that several desks may share; without one the database is an SQLite
    file in `home`. `desk` is this desk's name among them.

    `public_url` is the address by which others reach the desk, as scheme and host; without one it
    answers to this machine only. `trusted_proxies` are addresses or networks whose word on for whom
    they ask (`X-Forwarded-For`, `X-Forwarded-Proto`) is believed.
    """

    home: Path
    port: int = DEFAULT_PORT
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    database_url: str | None = None
    desk: str = field(default_factory=socket.gethostname)

    @property
    def store_url(self) -> str:
        """Where the desk's store is."""
        return self.database_url or f"sqlite:///{self.database}"

    @property
    def site(self) -> Path:
        """The file that names this folder among those that share a database."""
        return self.home / "site"

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
        """The file that a running desk holds locked. Only over PostgreSQL there may be several here."""
        return self.home / ("desk.lock" if self.database_url is None else f"desk-{self.desk}.lock")


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """GONOGO_HOME (default: gonogo in the user's state directory), GONOGO_PORT, GONOGO_PUBLIC_URL,
    GONOGO_TRUSTED_PROXIES (addresses or networks, with commas), GONOGO_DATABASE_URL (a PostgreSQL; by
    default SQLite in GONOGO_HOME) and GONOGO_DESK (by default the name of the host).

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
        database_url=_database_url(environ.get("GONOGO_DATABASE_URL", "")),
        desk=_desk(environ.get("GONOGO_DESK") or socket.gethostname()),
    )


def _database_url(text: str) -> str | None:
    """The URL says nothing of its password when it is refused."""
    if not text:
        return None
    scheme = text.partition(":")[0]
    if scheme not in _DATABASES or "://" not in text:
        raise ValueError(
            "GONOGO_DATABASE_URL must be a PostgreSQL like postgresql://USER@HOST/DATABASE, not of the"
            f' kind "{scheme}"; without it the database is an SQLite file in GONOGO_HOME'
        )
    return text


def _desk(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f'GONOGO_DESK must be up to 63 letters, digits and . _ -, not "{text}"')
    return text


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
