"""Statements that are known by their first words: locks, maintenance, types, and code that runs."""

import re
from collections.abc import Iterator, Mapping

from gonogo.domain.facts import Hazard
from gonogo.evidence.migrations import dialect as dialects
from gonogo.evidence.migrations.alterations import IN_TWO, LOST, QUIET
from gonogo.evidence.migrations.script import Statement
from gonogo.evidence.migrations.tables import Finding, Tables, fit

FAILS_INSIDE = (
    "PostgreSQL refuses it inside a transaction: take it out, into a migration of its own"
)

_ROUTINE = re.compile(
    r"CREATE (?:OR REPLACE )?(?:DEFINER = \S+ (?:@ \S+ )?)?(?:TEMP |TEMPORARY |CONSTRAINT )?"
    r"(?:TRIGGER|FUNCTION|PROCEDURE|EVENT|AGGREGATE)\b"
)
_HARMLESS = re.compile(
    r"SAVEPOINT\b|RELEASE\b|ROLLBACK (?:\S+ )?TO\b|SET\b|RESET\b|SHOW\b|EXPLAIN\b|ANALYZE\b|USE\b"
    r"|COMMENT\b|GRANT\b"
    r"|PRAGMA (?!WRITABLE_SCHEMA)|CREATE (?:EXTENSION|DOMAIN|ROLE|USER|COLLATION|OPERATOR|CAST"
    r"|STATISTICS|PUBLICATION|SERVER|AGGREGATE|DATABASE|SCHEMA|SEQUENCE|TYPE)\b"
    r"|ALTER (?:INDEX|SEQUENCE|FUNCTION|PROCEDURE|ROLE|USER|DATABASE|EXTENSION|DEFAULT PRIVILEGES"
    r"|PUBLICATION|STATISTICS)\b(?!.* (?:RENAME|SET SCHEMA|SET TABLESPACE) )"
    r"|ALTER INDEX \S+ RENAME TO \S+$"
    r"|ALTER TYPE \S+(?: \. \S+)? (?:ADD VALUE|ADD ATTRIBUTE|OWNER TO)\b"
    r"|ALTER (?:VIEW|MATERIALIZED VIEW|DOMAIN) .* OWNER TO \S+$"
    r"|ALTER TABLE (?:IF EXISTS )?(?:ONLY )?\S+(?: \. \S+)? (?:VALIDATE CONSTRAINT \S+$|OWNER TO \S+$"
    r"|RENAME CONSTRAINT \S+ TO \S+$|REPLICA IDENTITY|ADD (?:CONSTRAINT \S+ )?"
    r"(?:UNIQUE|PRIMARY KEY) USING INDEX \S+|ALTER (?:COLUMN )?\S+ SET (?:STATISTICS|STORAGE|COMPRESSION)"
    r"|ALTER (?:COLUMN )?\S+ ADD GENERATED\b|DETACH PARTITION .* CONCURRENTLY$"
    r"|(?:ALGORITHM|LOCK) =|COMMENT ON\b)"
)
_OF_TABLE = r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?\S+(?: \. \S+)? "

_DANGERS: tuple[tuple[re.Pattern[str], Hazard, str, str], ...] = tuple(
    (re.compile(pattern), hazard, what, advice)
    for pattern, hazard, what, advice in (
        (r"LOCK\b", Hazard.LOCKING, "locks a table", f"customers wait until it ends: {QUIET}"),
        (
            r"REINDEX\b(?!.*\bCONCURRENTLY\b)",
            Hazard.LOCKING,
            "builds an index anew",
            "writers wait meanwhile: REINDEX … CONCURRENTLY, outside a transaction",
        ),
        (
            r"VACUUM (?:FULL|\( .*\bFULL\b)",
            Hazard.LOCKING,
            "rewrites a table with VACUUM FULL",
            f"readers and writers wait meanwhile: {QUIET}",
        ),
        (
            r"(?:CLUSTER|OPTIMIZE)\b",
            Hazard.LOCKING,
            "rewrites a table in another order",
            f"readers and writers wait meanwhile: {QUIET}",
        ),
        (
            r"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)",
            Hazard.LOCKING,
            "refreshes a materialized view",
            "readers wait meanwhile: REFRESH MATERIALIZED VIEW CONCURRENTLY",
        ),
        (
            _OF_TABLE + r"(?:ATTACH PARTITION\b|DETACH PARTITION (?!.*\bCONCURRENTLY\b))",
            Hazard.LOCKING,
            "changes the partitions of a table",
            "every row is read under a lock, unless a CHECK proves that all fit; detach CONCURRENTLY",
        ),
        (
            _OF_TABLE + r"CONVERT TO\b",
            Hazard.LOCKING,
            "rewrites a table in another character set",
            f"writers wait meanwhile: {QUIET}",
        ),
        (
            r"DROP OWNED\b",
            Hazard.DESTRUCTIVE,
            "drops everything that a role owns",
            f"{LOST}: {IN_TWO}",
        ),
        (
            r"DROP (?:EXTENSION|TABLESPACE|SERVER|FOREIGN TABLE)\b",
            Hazard.DESTRUCTIVE,
            "drops an extension, a tablespace or foreign data",
            f"columns and tables that rest on it go with it, and the version before fails: {IN_TWO}",
        ),
        (
            r"DROP (?:DOMAIN|ROLE|USER|AGGREGATE|OPERATOR|COLLATION|CAST|EVENT)\b",
            Hazard.BREAKING,
            "drops what the version before may use",
            f"the version before fails without it: {IN_TWO}",
        ),
        (
            r"REVOKE\b",
            Hazard.BREAKING,
            "takes rights away",
            "the version before fails where it needs them: take them away in a later release",
        ),
        (
            r"ALTER TYPE .*\b(?:DROP|RENAME|ALTER) (?:ATTRIBUTE|VALUE)\b",
            Hazard.BREAKING,
            "changes the values or attributes of a type",
            "the version before still uses those that were there: make a new type beside it",
        ),
        (
            r"ALTER \S+ .* ?RENAME (?:TO|ATTRIBUTE|VALUE)\b|RENAME TABLE\b",
            Hazard.BREAKING,
            "renames what the version before uses",
            "the version before does not know the new name: keep the old one until it is gone",
        ),
        (
            r"ALTER .* SET SCHEMA\b",
            Hazard.BREAKING,
            "moves something into another schema",
            "the version before does not find it there: leave a view in its place",
        ),
        (
            r"ALTER DOMAIN .*\b(?:ADD CONSTRAINT|ADD CHECK|SET NOT NULL)\b(?!.*\bNOT VALID\b)",
            Hazard.LOCKING,
            "adds a rule to a domain",
            "every table that uses it is read under a lock: add it NOT VALID, then VALIDATE",
        ),
        (
            r"ALTER TABLE .* ALTER (?:COLUMN )?\S+ DROP (?:IDENTITY|EXPRESSION)\b",
            Hazard.BREAKING,
            "lets a column no longer fill itself",
            "the version before does not name it when it writes: do it in a later release",
        ),
    )
)

_LOSS = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|SCHEMA|DATABASE|OWNED|PARTITION|FOREIGN\s+TABLE)\b|\bTRUNCATE\b",
    re.IGNORECASE,
)
_LOSS_IN_ALTER = re.compile(
    r"\bDROP (?!CONSTRAINT|DEFAULT|NOT|INDEX|IDENTITY|EXPRESSION|FOREIGN|PRIMARY|KEY|CHECK)\S"
)
_LOSS_IN_CODE = re.compile(_LOSS.pattern + r"|\bDELETE\s+FROM\b", re.IGNORECASE)
_TRANSACTIONS: Mapping[str, bool] = {
    "BEGIN": True,
    "COMMIT": False,
    "END": False,
    "ROLLBACK": False,
    "ABORT": False,
}


def transaction(statement: Statement) -> bool | None:
    """True when it begins a transaction, False when it ends one, None when it does neither."""
    if len(statement.tokens) > 12:
        return None
    words = statement.words
    if words[:2] == ("START", "TRANSACTION"):
        return True
    return None if "TO" in words or "PREPARED" in words else _TRANSACTIONS.get(words[0])


def runs_code(statement: Statement) -> bool:
    """Is it code that does what only running it shows?"""
    return statement.words[0] in {"DO", "CALL", "EXECUTE", "EXEC"}


def defines_code(statement: Statement) -> bool:
    """Does it make a routine, whose body does nothing until it is called?"""
    return bool(_ROUTINE.match(" ".join(statement.words[:10])))


def known_by_words(statement: Statement, tables: Tables) -> Iterator[Finding] | None:
    """What a statement brings whose first words say what it is; None when they do not."""
    words = " ".join(statement.words[:60])
    if _HARMLESS.match(words):
        return iter(())
    if tables.dialect == dialects.SQLITE and words.split(" ", 1)[0] in {"VACUUM", "REINDEX"}:
        advice = f"the whole database waits meanwhile: {QUIET}"
        return iter([Finding(Hazard.LOCKING, "rewrites the database file or an index", advice)])
    found = [
        Finding(hazard, f"{what}: {fit(' '.join(statement.text.split()))}", advice)
        for pattern, hazard, what, advice in _DANGERS
        if pattern.match(words)
    ][:1]
    if tables.in_transaction and re.match(r"(?:REINDEX|REFRESH|VACUUM|ALTER)\b", words):
        found += _fails_inside(words)
    if found:
        return iter(found)
    return iter(()) if re.match(r"(?:VACUUM|REINDEX|REFRESH|UNLOCK)\b", words) else None


def _fails_inside(words: str) -> list[Finding]:
    if words.startswith("VACUUM") or re.match(
        r"(?:REINDEX|ALTER TABLE .* DETACH)\b.* CONCURRENTLY", words
    ):
        what = f"runs {words.split(' ', 1)[0]} inside a transaction, which fails"
        return [Finding(Hazard.BREAKING, what, FAILS_INSIDE)]
    return []


def loss_in(statement: Statement) -> Iterator[Finding]:
    """A narrow look into a statement that could not be read, so that no loss of data hides there."""
    if runs_code(statement):
        return loss_in_text(statement.text)
    words = " ".join(statement.words)
    found = _LOSS.search(words)
    if not found and words.startswith("ALTER TABLE"):
        found = _LOSS_IN_ALTER.search(words)
    return _loss(found)


def loss_in_text(text: str) -> Iterator[Finding]:
    """The same for code, where strings may be SQL too."""
    return _loss(_LOSS_IN_CODE.search(text))


def _loss(found: re.Match[str] | None) -> Iterator[Finding]:
    if found:
        word = " ".join(found[0].upper().split()[:2])
        yield Finding(
            Hazard.DESTRUCTIVE,
            f"may lose data: what could not be read says {word}",
            "a person has to read this statement",
        )
