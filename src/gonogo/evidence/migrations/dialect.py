"""Whose SQL this is: guessed from words that only one database has, or not at all."""

import re
from collections.abc import Mapping

POSTGRESQL = "postgresql"
SQLITE = "sqlite"
MYSQL = "mysql"
UNKNOWN = "unknown"

_LOGGED = re.compile(r"Context impl (PostgreSQL|SQLite|MySQL|MariaDB)Impl", re.IGNORECASE)
_LOGGED_AS = {"postgresql": POSTGRESQL, "sqlite": SQLITE, "mysql": MYSQL, "mariadb": MYSQL}

_SILENT = re.compile(r"'[^']*(?:'|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_SIGNS: Mapping[str, re.Pattern[str]] = {
    POSTGRESQL: re.compile(
        r"::\s*\w|\$\w*\$|\b(?:(?:BIG|SMALL)?SERIAL|TIMESTAMP\s+WITH(?:OUT)?\s+TIME\s+ZONE|TIMESTAMPTZ"
        r"|JSONB|BYTEA|CONCURRENTLY|NOT\s+VALID|VALIDATE\s+CONSTRAINT|ALTER\s+TABLE\s+ONLY"
        r"|CREATE\s+EXTENSION|GENERATED\s+(?:ALWAYS|BY\s+DEFAULT)\s+AS\s+IDENTITY"
        r"|USING\s+(?:gin|gist|btree|brin|hash|hnsw)\b|VACUUM\s+FULL|RETURNING\s+alembic_version\."
        r"|ALTER\s+COLUMN\s+\S+\s+(?:TYPE|SET\s+DATA\s+TYPE|(?:SET|DROP)\s+NOT\s+NULL))",
        re.IGNORECASE,
    ),
    SQLITE: re.compile(
        r"\b(?:AUTOINCREMENT|PRAGMA|WITHOUT\s+ROWID|_alembic_tmp_\w+)\b|\"new__\w+\"",
        re.IGNORECASE,
    ),
    MYSQL: re.compile(
        r"`\w+`|\b(?:AUTO_INCREMENT|ENGINE\s*=|UNSIGNED|CHARACTER\s+SET|LOCK\s+TABLES"
        r"|(?:MODIFY|CHANGE)\s+(?:COLUMN\s+)?\w+|DATETIME\s*\(\s*\d\s*\)|LONGTEXT|MEDIUMTEXT)",
        re.IGNORECASE,
    ),
}
_TRANSACTION = re.compile(r"^[ \t]*BEGIN[ \t]*;", re.IGNORECASE | re.MULTILINE)
_ALEMBIC = re.compile(r"\balembic_version\b")
_DATETIME = re.compile(r"\bDATETIME\b", re.IGNORECASE)
_ROWID = re.compile(
    r"\b(\w+) INTEGER NOT NULL,[^;]{0,2000}?\bPRIMARY KEY \(\1\)", re.IGNORECASE | re.DOTALL
)
_UNPREFIXED = re.compile(r"RETURNING version_num\b", re.IGNORECASE)
_LOOKED_AT = 1024 * 1024
_LOOKED_AT_FOR_KEYS = 64 * 1024


def guess(text: str) -> str:
    """One of the four names above. Signs of two databases, or of none, are UNKNOWN.

    Alembic begins a transaction for PostgreSQL and for no other of the three, unless it is told to; a
    key of plain INTEGER beside DATETIME, or a stamp that returns its bare column, is its SQLite.
    """
    logged = _LOGGED.search(text[:4096])
    if logged:
        return _LOGGED_AS[logged[1].lower()]
    spoken = _SILENT.sub(" ", text[:_LOOKED_AT])
    found = [name for name, sign in _SIGNS.items() if sign.search(spoken)]
    if len(found) == 1:
        return found[0]
    if found or not _ALEMBIC.search(spoken):
        return UNKNOWN
    dated = _DATETIME.search(spoken)
    if _UNPREFIXED.search(spoken) or (dated and _ROWID.search(spoken[:_LOOKED_AT_FOR_KEYS])):
        return SQLITE
    return POSTGRESQL if _TRANSACTION.search(spoken) and not dated else UNKNOWN
