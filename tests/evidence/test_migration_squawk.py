"""A second opinion on PostgreSQL's rules: what Squawk warns of, the reader finds, or here is why not."""

import io
import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from gonogo.domain.facts import MigrationFacts
from gonogo.evidence.formats import read_report

SQUAWK = shutil.which("squawk") or shutil.which("squawk", path=sysconfig.get_path("scripts"))

ABOUT_STYLE = {
    "prefer-bigint-over-int",
    "prefer-identity",
    "prefer-robust-stmts",
    "require-enum-value-ordering",
    "require-lock-timeout",
    "require-statement-timeout",
}
"""Rules about how SQL is written, not about whom it harms."""

STATEMENTS = [
    "DROP TABLE orders",
    "DROP DATABASE shop",
    "DROP SCHEMA shop CASCADE",
    "TRUNCATE orders CASCADE",
    "ALTER TABLE orders DROP COLUMN courier",
    "ALTER TABLE orders DROP COLUMN courier, ADD COLUMN b bigint NOT NULL, VALIDATE CONSTRAINT c",
    "ALTER TABLE orders RENAME COLUMN courier TO carrier",
    "ALTER TABLE orders RENAME TO purchases",
    "ALTER TABLE orders ALTER COLUMN id TYPE bigint",
    "ALTER TABLE orders ALTER COLUMN total TYPE numeric(8, 2) USING total::numeric",
    "ALTER TABLE orders ADD COLUMN priority bigint NOT NULL",
    "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE orders ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED",
    "ALTER TABLE orders ADD COLUMN number bigserial PRIMARY KEY",
    "ALTER TABLE orders ADD COLUMN customer bigint REFERENCES customers (id)",
    "ALTER TABLE orders ADD COLUMN number bigint UNIQUE",
    "ALTER TABLE orders ALTER COLUMN courier SET NOT NULL",
    "ALTER TABLE orders ALTER COLUMN courier DROP DEFAULT",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (x > 1), ADD CONSTRAINT d CHECK (y > 1) NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (customer) REFERENCES customers (id)",
    "ALTER TABLE orders ADD CONSTRAINT c UNIQUE (number)",
    "ALTER TABLE orders ADD CONSTRAINT c PRIMARY KEY (number)",
    "ALTER TABLE orders ADD CONSTRAINT c EXCLUDE USING gist (during WITH &&)",
    "CREATE INDEX i ON orders (courier)",
    "CREATE UNIQUE INDEX i ON orders (courier)",
    "BEGIN; CREATE INDEX CONCURRENTLY i ON orders (courier); COMMIT",
    "DROP INDEX i",
    "REINDEX TABLE orders",
    "ALTER TABLE orders DETACH PARTITION p",
    "DROP VIEW v",
    "DROP MATERIALIZED VIEW v",
    "DROP TYPE t",
    "DROP SEQUENCE s",
    "DROP FUNCTION f(int)",
    "DROP DOMAIN d",
    "DROP EXTENSION e",
    "ALTER TABLE orders SET SCHEMA old",
    "ALTER TYPE t RENAME VALUE 'x' TO 'y'",
    "ALTER TYPE t DROP ATTRIBUTE a",
    "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)",
    "ALTER VIEW v RENAME TO w",
    "ALTER SEQUENCE s RENAME TO t",
    "ALTER TABLE orders ALTER COLUMN id DROP IDENTITY",
    "ALTER TABLE orders ALTER COLUMN twice DROP EXPRESSION",
]

HARMLESS_TO_BOTH = [
    "ALTER TABLE orders ADD COLUMN note text",
    "ALTER TABLE orders ADD COLUMN n bigint DEFAULT 1 NOT NULL",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b (id) NOT VALID",
    "ALTER TABLE orders VALIDATE CONSTRAINT c",
    "ALTER TABLE orders ADD CONSTRAINT c UNIQUE USING INDEX i",
    "ALTER TABLE orders DETACH PARTITION p CONCURRENTLY",
    "CREATE INDEX CONCURRENTLY i ON orders (courier)",
    "DROP INDEX CONCURRENTLY i",
    "REINDEX INDEX CONCURRENTLY i",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
]

DIFFERENCES = {
    # The version before goes on writing values; it may meet an empty one only in the new one's rows.
    "ALTER TABLE orders ALTER COLUMN courier DROP NOT NULL",
    # Fewer rules: whatever the version before writes still fits.
    "ALTER TABLE orders DROP CONSTRAINT c",
    # No query names an index.
    "ALTER INDEX i RENAME TO j",
    # A new domain has no rows and no users yet.
    "CREATE DOMAIN d AS text CHECK (value > 'a')",
    # The table is made by the same SQL: nobody waits for it.
    "CREATE TABLE a (id bigint); CREATE INDEX i ON a (id); DROP TABLE a",
}
"""What Squawk warns of and the reader does not, with the reason."""


def warned(sql: str) -> set[str]:
    assert SQUAWK is not None
    ran = subprocess.run(
        [SQUAWK, "--reporter", "json", "--stdin-filepath", "pending.sql"],
        input=f"{sql};\n",
        capture_output=True,
        text=True,
        timeout=30,
        cwd=Path(__file__).parent,
        check=False,
    )
    return {each["rule_name"] for each in json.loads(ran.stdout)} - ABOUT_STYLE


def facts(sql: str) -> MigrationFacts:
    # A sign of PostgreSQL that warns of nothing.
    (evidence,) = read_report(io.BytesIO(f"SELECT 1::int; {sql};\n".encode()), "pending.sql")
    assert isinstance(evidence.facts, MigrationFacts)
    return evidence.facts


needs_squawk = pytest.mark.skipif(SQUAWK is None, reason="squawk is not installed")


@needs_squawk
@pytest.mark.parametrize("sql", STATEMENTS)
def test_what_squawk_warns_of_is_found(sql: str) -> None:
    assert warned(sql)
    read = facts(sql)
    assert read.operations
    assert read.unread == 0


@needs_squawk
@pytest.mark.parametrize("sql", HARMLESS_TO_BOTH)
def test_what_squawk_lets_pass_is_let_pass(sql: str) -> None:
    assert not warned(sql)
    read = facts(sql)
    assert (read.operations, read.unread) == ((), 0)


@needs_squawk
@pytest.mark.parametrize("sql", sorted(DIFFERENCES))
def test_where_squawk_is_stricter_there_is_a_reason(sql: str) -> None:
    assert warned(sql)
    assert facts(sql).operations == ()
