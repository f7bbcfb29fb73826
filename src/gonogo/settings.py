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
_OPENID_NAMES = (
    *("ISSUER", "CLIENT_ID", "CLIENT_SECRET_FILE"),
    *("EMAIL_DOMAINS", "ROLE_CLAIM", "ROLES", "CREATE"),
)


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """An OpenID provider. `roles` are names of roles by values of the claim `role_claim`; with `create`
    somebody whom the claim gives a role becomes known by signing in. `domains` are those of e-mail
    addresses that count; none named: any."""

    issuer: str
    client_id: str
    secret_file: Path | None = None
    domains: tuple[str, ...] = ()
    role_claim: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    create: bool = False


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate with its chain, and its key, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds the database, the token, logs and sockets; it is readable by its owner alone.

    `database_url` is a PostgreSQL that several desks may share; without one the database is an SQLite
    file in `home`. `desk` is this desk's name among them.

    `public_url` is the address by which others reach the desk, as scheme and host; without one it
    answers to this machine only. `trusted_proxies` are addresses or networks whose word on for whom
    they ask (`X-Forwarded-For`, `X-Forwarded-Proto`) is believed. `allow_commands` names the services
    whose specs may run commands, `*` meaning all; None where nothing is said. `…_per_minute` are
    requests of each person (reads and writes), and of each address that nobody who is known asks from.

    `host` is the address that it listens on. `tls` is what it ends TLS with itself. `log` is `text`, or
    `json` with one object a line. `language` is that of messages to people.
    """

    home: Path
    port: int = DEFAULT_PORT
    reads_per_minute: int = 6000
    writes_per_minute: int = 600
    strangers_per_minute: int = 300
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    database_url: str | None = None
    desk: str = field(default_factory=socket.gethostname)
    allow_commands: tuple[str, ...] | None = None
    openid: OpenIdSettings | None = None
    host: str = "127.0.0.1"
    tls: TlsFiles | None = None
    log: str = "text"
    language: str = "en"

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
        return self.home / f"{self._here}.json"

    @property
    def lock(self) -> Path:
        """The file that a running desk holds locked."""
        return self.home / f"{self._here}.lock"

    @property
    def _here(self) -> str:
        """What this desk's files are called: over PostgreSQL there may be several desks in one folder."""
        return "desk" if self.database_url is None else f"desk-{self.desk}"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """GONOGO_HOME (default: gonogo in the user's state directory), GONOGO_PORT, GONOGO_PUBLIC_URL,
    GONOGO_TRUSTED_PROXIES (addresses or networks, with commas) and GONOGO_ALLOW_COMMANDS (`yes`, `no`,
    or names of services, with commas); GONOGO_DATABASE_URL (a PostgreSQL; by default SQLite in
    GONOGO_HOME) and GONOGO_DESK (by default the name of the host); for an OpenID provider
    GONOGO_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET_FILE, _EMAIL_DOMAINS, _ROLE_CLAIM, _ROLES
    (`value=role`, with commas) and _CREATE; the limits GONOGO_READS_PER_MINUTE,
    GONOGO_WRITES_PER_MINUTE and GONOGO_STRANGERS_PER_MINUTE; GONOGO_HOST (by default 127.0.0.1),
    GONOGO_TLS_CERTIFICATE and GONOGO_TLS_KEY (files), GONOGO_LOG (`text` or `json`), and GONOGO_LANGUAGE
    (`en`, `fa` or `ru`).

    Raises ValueError naming the variable when one cannot be used.
    """
    state = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    home = Path(environ.get("GONOGO_HOME") or Path(state) / "gonogo").expanduser().absolute()
    text = environ.get("GONOGO_PORT", str(DEFAULT_PORT))
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise ValueError(f'GONOGO_PORT must be a port from 0 to 65535, not "{text}"')
    public_url = _public_url(environ.get("GONOGO_PUBLIC_URL", ""))
    proxies = _networks(environ.get("GONOGO_TRUSTED_PROXIES", ""))
    tls = _tls(environ.get("GONOGO_TLS_CERTIFICATE", ""), environ.get("GONOGO_TLS_KEY", ""))
    host = _host(environ.get("GONOGO_HOST") or "127.0.0.1")
    if not ipaddress.ip_address(host).is_loopback:
        _reachable_safely(host, public_url, proxies, tls)
    return Settings(
        home=home,
        port=int(text),
        reads_per_minute=_per_minute(environ, "READS", 6000),
        writes_per_minute=_per_minute(environ, "WRITES", 600),
        strangers_per_minute=_per_minute(environ, "STRANGERS", 300),
        public_url=public_url,
        trusted_proxies=proxies,
        database_url=_database_url(environ.get("GONOGO_DATABASE_URL", "")),
        desk=_desk(environ.get("GONOGO_DESK", "")),
        allow_commands=_services(environ.get("GONOGO_ALLOW_COMMANDS", "")),
        openid=_openid(environ),
        host=host,
        tls=tls,
        log=_log(environ.get("GONOGO_LOG") or "text"),
        language=_language(environ.get("GONOGO_LANGUAGE") or "en"),
    )


def _per_minute(environ: Mapping[str, str], what: str, default: int) -> int:
    name = f"GONOGO_{what}_PER_MINUTE"
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text[:12]) <= 10_000_000:
        raise ValueError(f'{name} must be a number from 1 to 10000000, not "{text[:40]}"')
    return int(text)


def _openid(environ: Mapping[str, str]) -> OpenIdSettings | None:
    told = {name: environ.get(f"GONOGO_OIDC_{name}", "").strip() for name in _OPENID_NAMES}
    if not told["ISSUER"]:
        if any(told.values()):
            raise ValueError("GONOGO_OIDC_ISSUER must be set where another GONOGO_OIDC_ one is")
        return None
    if not told["CLIENT_ID"]:
        raise ValueError("GONOGO_OIDC_CLIENT_ID must be set where GONOGO_OIDC_ISSUER is")
    roles = _pairs(told["ROLES"])
    if bool(roles) != bool(told["ROLE_CLAIM"]):
        raise ValueError("GONOGO_OIDC_ROLE_CLAIM and GONOGO_OIDC_ROLES go together")
    if told["CREATE"] not in {"", "yes", "no"}:
        raise ValueError(f'GONOGO_OIDC_CREATE must be yes or no, not "{told["CREATE"]}"')
    if told["CREATE"] == "yes" and not roles:
        raise ValueError("GONOGO_OIDC_CREATE needs GONOGO_OIDC_ROLES: nobody has a role otherwise")
    secret = told["CLIENT_SECRET_FILE"]
    return OpenIdSettings(
        issuer=told["ISSUER"],
        client_id=told["CLIENT_ID"],
        secret_file=Path(secret).expanduser() if secret else None,
        domains=tuple(part.strip().lower() for part in told["EMAIL_DOMAINS"].split(",") if part),
        role_claim=told["ROLE_CLAIM"] or None,
        roles=roles,
        create=told["CREATE"] == "yes",
    )


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for part in (each.strip() for each in text.split(",")):
        value, sign, role = part.rpartition("=")
        if part and not (sign and value.strip() and role.strip()):
            raise ValueError(f'GONOGO_OIDC_ROLES must be value=role, with commas, not "{part}"')
        if part:
            found[value.strip()] = role.strip()
    return found


def _services(text: str) -> tuple[str, ...] | None:
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    if not named:
        return None
    if named == ("no",):
        return ()
    return ("*",) if named == ("yes",) else named


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
    if not text:  # a host may have any name, and a desk's becomes that of a file
        return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:63].lstrip("._-") or "desk"
    if not _NAME.fullmatch(text):
        raise ValueError(f'GONOGO_DESK must be up to 63 letters, digits and . _ -, not "{text}"')
    return text


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError(
            f'GONOGO_HOST must be an IP address of this machine, not "{text}"'
        ) from error


def _tls(certificate: str, key: str) -> TlsFiles | None:
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise ValueError("GONOGO_TLS_CERTIFICATE and GONOGO_TLS_KEY go together")
    found = TlsFiles(Path(certificate).expanduser(), Path(key).expanduser())
    for name, file in (("CERTIFICATE", found.certificate), ("KEY", found.key)):
        if not file.is_file():
            raise ValueError(f"GONOGO_TLS_{name} names {file}, and there is no such file")
    return found


def _reachable_safely(
    host: str, public_url: str | None, proxies: tuple[str, ...], tls: TlsFiles | None
) -> None:
    """Whoever lets others reach the desk says under which address, and who ends TLS."""
    if public_url is None:
        raise ValueError(
            f"GONOGO_HOST {host} lets others reach the desk; say by which address they do so in"
            " GONOGO_PUBLIC_URL, like https://desk.example.org"
        )
    if tls is None and not proxies:
        raise ValueError(
            f"GONOGO_HOST {host} lets others reach the desk without TLS; give it a certificate"
            " (GONOGO_TLS_CERTIFICATE, GONOGO_TLS_KEY), or name the proxy that ends TLS in"
            " GONOGO_TRUSTED_PROXIES"
        )


def _log(text: str) -> str:
    if text not in {"text", "json"}:
        raise ValueError(f'GONOGO_LOG must be text or json, not "{text}"')
    return text


def _language(text: str) -> str:
    if text not in {"en", "fa", "ru"}:
        raise ValueError(f'GONOGO_LANGUAGE must be en, fa or ru, not "{text[:20]}"')
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
