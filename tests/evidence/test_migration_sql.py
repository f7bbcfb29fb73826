"""What the reader of offline migration SQL finds in real scripts, and what it leaves alone."""

import io
import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from gonogo.domain.errors import InvalidInput
from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.facts import Hazard, MigrationFacts
from gonogo.evidence.formats import detect, read_report

REPORTS = Path(__file__).parent / "reports"
ORDERS = Path(__file__).parents[2] / "examples" / "orders"

ENVIRONMENT = """\
from alembic import context
context.configure(dialect_name=context.config.get_main_option("dialect"))
with context.begin_transaction():
    context.run_migrations()
"""


def facts(sql: str | bytes, name: str = "pending.sql") -> MigrationFacts:
    data = sql.encode() if isinstance(sql, str) else sql
    (evidence,) = read_report(io.BytesIO(data), name)
    assert evidence.kind is EvidenceKind.MIGRATIONS
    assert isinstance(evidence.facts, MigrationFacts)
    return evidence.facts


def stored(name: str) -> MigrationFacts:
    path = REPORTS / name
    return facts(path.read_bytes(), path.name)


def found(read: MigrationFacts) -> list[tuple[int, str, str]]:
    return [(each.statement, each.hazard.value, each.what) for each in read.operations]


def hazards(sql: str, dialect: str = "postgresql") -> list[str]:
    sign = {
        "postgresql": "SELECT 1::int;",
        "mysql": "SELECT `a`;",
        "sqlite": "PRAGMA user_version;",
    }
    read = facts(sign[dialect] + sql)
    assert read.dialect == dialect
    assert read.unread == 0
    return [f"{each.hazard.value}: {each.what}" for each in read.operations]


@pytest.fixture
def offline(tmp_path: Path):
    """Prints what Alembic would run on the example service of a version with these changes."""

    def run(dialect: str, span: str, *changes: str) -> str:
        script = tmp_path / f"{dialect}-{span.replace(':', '-')}"
        shutil.copytree(ORDERS / "service" / "migrations", script)
        for change in changes:
            source = ORDERS / "changes" / change / "migrations"
            shutil.copytree(source, script, dirs_exist_ok=True)
        (script / "env.py").write_text(ENVIRONMENT)
        out = io.StringIO()
        config = Config(output_buffer=out, stdout=io.StringIO())
        config.set_main_option("script_location", str(script))
        config.set_main_option("path_separator", "os")
        config.set_main_option("dialect", dialect)
        command.upgrade(config, span, sql=True)
        return out.getvalue()

    return run


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
def test_the_example_services_next_version_only_adds(offline, dialect: str) -> None:
    read = facts(offline(dialect, "0001:0002", "v1.2.0"))
    assert (read.dialect, read.revisions, read.heads) == (dialect, ("0002",), ("0002",))
    assert (read.operations, read.unread) == ((), 0)


def test_the_example_services_patch_only_loosens(offline) -> None:
    read = facts(offline("postgresql", "0002:0003", "v1.2.0", "v1.2.1"))
    assert read.revisions == ("0003",)
    assert (read.operations, read.unread) == ((), 0)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
def test_a_database_made_from_nothing_has_nobody_to_harm(offline, dialect: str) -> None:
    read = facts(offline(dialect, "base:0002", "v1.2.0"))
    assert (read.dialect, read.operations, read.unread) == (dialect, (), 0)
    assert read.revisions == ("0001", "0002")


def test_alembics_sql_for_postgresql_is_judged_statement_by_statement() -> None:
    read = stored("alembic/postgresql-0001-0003.sql")
    assert (read.dialect, read.statements, read.unread) == ("postgresql", 16, 0)
    assert (read.revisions, read.heads) == (("0002", "0003"), ("0003",))
    assert found(read) == [
        (2, "destructive", "drops column orders.note"),
        (3, "breaking", "demands a value in column orders.courier (NOT NULL)"),
        (4, "breaking", "changes the type of column orders.status to INT"),
        (5, "breaking", "adds column orders.priority NOT NULL without a default"),
        (6, "locking", "adds check priority_not_negative to orders"),
        (12, "locking", "makes index orders_status on orders"),
        (13, "locking", "updates every row of orders"),
    ]


def test_alembics_sql_for_mysql_is_judged_by_mysqls_rules() -> None:
    read = stored("alembic/mysql-0001-0003.sql")
    assert (read.dialect, read.unread) == ("mysql", 0)
    assert found(read) == [
        (1, "destructive", "drops column orders.note"),
        (2, "breaking", "redefines column orders.courier as VARCHAR(80) NOT NULL"),
        (3, "breaking", "changes the type of column orders.status to INT"),
        (4, "breaking", "adds column orders.priority NOT NULL without a default"),
        (5, "locking", "adds check priority_not_negative to orders"),
        (10, "locking", "updates every row of orders"),
    ]


def test_a_table_that_alembic_rebuilds_is_not_dropped_and_what_it_loses_is_not_guessed() -> None:
    read = stored("alembic/sqlite-0001-0003.sql")
    assert read.dialect == "sqlite"
    assert found(read) == [
        (4, "locking", "rebuilds table orders"),
        (4, "breaking", "changes the type of column orders.status to INT"),
        (4, "breaking", "adds column orders.priority NOT NULL without a default"),
        (9, "locking", "updates every row of orders"),
    ]
    # The SQL does not list the columns of the table as it was, so nobody can see that `note` is lost.
    assert read.unread == 1


def test_several_heads_are_told_from_the_stamps() -> None:
    assert stored("alembic/postgresql-two-heads.sql").heads == ("0003b", "0003")


def test_a_merge_leaves_one_head() -> None:
    read = stored("alembic/postgresql-0001-0004.sql")
    assert read.revisions == ("0002", "0003b", "0003", "0004")
    assert read.heads == ("0004",)


def test_djangos_sql_for_postgresql_is_judged_statement_by_statement() -> None:
    assert found(stored("django/postgresql-0002_contract.sql")) == [
        (2, "destructive", "drops column shop_order.note"),
        (6, "breaking", "demands a value in column shop_order.courier (NOT NULL)"),
        (9, "breaking", "drops the default of column shop_order.priority"),
        (10, "breaking", "renames column shop_order.status to state"),
        (11, "destructive", "drops column shop_order.customer_id"),
        (12, "locking", "adds check priority_not_negative to shop_order"),
        (13, "locking", "makes index order_state on shop_order"),
    ]


def test_the_columns_of_a_table_that_django_rebuilds_are_compared() -> None:
    read = stored("django/sqlite-0002_contract.sql")
    assert (read.dialect, read.unread) == ("sqlite", 0)
    assert found(read) == [
        (2, "destructive", "drops column shop_order.note"),
        (6, "locking", "rebuilds table shop_order"),
        (6, "breaking", "demands a value in column shop_order.courier (NOT NULL)"),
        (11, "locking", "rebuilds table shop_order"),
        (11, "breaking", "adds column shop_order.priority NOT NULL without a default"),
        (13, "breaking", "renames column shop_order.status to state"),
        (17, "locking", "rebuilds table shop_order"),
        (17, "destructive", "drops column shop_order.customer_id"),
        (21, "locking", "rebuilds table shop_order"),
    ]


@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
def test_an_operation_that_django_cannot_show_as_sql_counts_as_unread(backend: str) -> None:
    assert stored(f"django/{backend}-0003_python.sql").unread == 1


@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
def test_djangos_first_migration_has_nobody_to_harm(backend: str) -> None:
    read = stored(f"django/{backend}-0001_initial.sql")
    assert (read.dialect, read.operations, read.unread) == (backend, (), 0)


def test_an_index_made_concurrently_outside_a_transaction_is_fine() -> None:
    read = stored("django/postgresql-0004_concurrently.sql")
    assert [each.what for each in read.operations] == ["updates every row of shop_order"]


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        (
            "alembic/multiple-heads.txt",
            "Multiple head revisions are present",
            "alembic merge heads",
        ),
        ("django/conflict.txt", "0003_other, 0004_concurrently in shop", "makemigrations --merge"),
        ("alembic/postgresql-downgrade.sql", "holds a downgrade only", "the SQL of the upgrade"),
    ],
)
def test_a_text_that_says_nothing_of_an_upgrade_is_refused(name: str, said: str, hint: str) -> None:
    with pytest.raises(InvalidInput, match=r"could not say|downgrade") as caught:
        stored(name)
    assert said in str(caught.value)
    assert hint in (caught.value.hint or "")


def test_a_failure_of_the_tool_is_told_in_its_own_words() -> None:
    text = (
        "-- Running upgrade a -> b\n\nFAILED: This operation cannot proceed in --sql mode; batch\n"
    )
    with pytest.raises(
        InvalidInput, match="tool failed: This operation cannot proceed in --sql mode"
    ):
        facts(text)


def test_what_alembic_logs_beside_the_sql_names_the_dialect_and_is_no_statement() -> None:
    text = (
        "INFO  [alembic.runtime.migration] Context impl MySQLImpl.\n"
        "INFO  [alembic.runtime.migration] Generating static SQL\n"
        "ALTER TABLE orders ADD COLUMN note TEXT;\n"
    )
    read = facts(text)
    assert (read.dialect, read.statements, read.unread) == ("mysql", 1, 0)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"BEGIN;\n--\n-- Add field a to b\n--\n", "migration-sql"),
        (b"-- Running upgrade 1 -> 2\n", "migration-sql"),
        (b"\x00\x01-- Running upgrade 1 -> 2\n", None),
        (b"nothing of the kind\n", None),
    ],
)
def test_sql_is_recognised_by_what_it_says(head: bytes, kind: str | None) -> None:
    found_format = detect("output.log", head)
    assert (found_format.name if found_format else None) == kind


def test_flyways_version_is_read_from_the_files_name() -> None:
    assert facts("ALTER TABLE a ADD COLUMN b text;", "V2_1__add_b.sql").revisions == ("2.1",)


@pytest.mark.parametrize("name", ["U2__undo.sql", "000002_orders.down.sql"])
def test_a_file_that_is_named_as_a_downgrade_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="downgrade only"):
        facts("DROP TABLE orders;", name)


def test_the_downgrade_part_of_a_file_does_not_count() -> None:
    text = "-- +goose Up\nALTER TABLE a ADD COLUMN b text;\n-- +goose Down\nDROP TABLE a;\n"
    read = facts(text)
    assert (read.statements, read.operations) == (1, ())


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DROP TABLE a, b;", ["destructive: drops table a", "destructive: drops table b"]),
        ("DROP SCHEMA s CASCADE;", ["destructive: drops schema s"]),
        ("DROP DATABASE d;", ["destructive: drops database d"]),
        ("TRUNCATE a;", ["destructive: empties table a"]),
        ("BEGIN; SAVEPOINT s; ROLLBACK TO SAVEPOINT s; COMMIT;", []),
        ("DELETE FROM a;", ["destructive: deletes every row of a"]),
        ("DELETE FROM a WHERE 1 = 1;", ["destructive: deletes every row of a"]),
        ("DELETE FROM a WHERE b = 1;", []),
        (
            "WITH gone AS (DELETE FROM a RETURNING b) INSERT INTO c SELECT * FROM gone;",
            ["destructive: deletes every row of a"],
        ),
        ("UPDATE a SET b = 1 WHERE c;", []),
        ("ALTER TABLE a RENAME b TO c;", ["breaking: renames column a.b to c"]),
        ("ALTER TABLE a RENAME TO b;", ["breaking: renames table a to b"]),
        ("ALTER TABLE a ALTER b TYPE text;", ["locking: changes the type of column a.b to TEXT"]),
        ("ALTER TABLE a ADD COLUMN b int DEFAULT 0 NOT NULL;", []),
        ("ALTER TABLE a ADD COLUMN b timestamptz DEFAULT now() NOT NULL;", []),
        (
            "ALTER TABLE a ADD COLUMN b bigserial;",
            ["locking: adds column a.b with a serial number"],
        ),
        (
            "ALTER TABLE a ADD COLUMN b float DEFAULT random();",
            ["locking: adds column a.b with a default that differs from row to row"],
        ),
        (
            "ALTER TABLE a ADD COLUMN b int DEFAULT 0; ALTER TABLE a ALTER b SET NOT NULL;",
            ["locking: demands a value in column a.b (NOT NULL)"],
        ),
        (
            "ALTER TABLE a ADD COLUMN b int; ALTER TABLE a ALTER b SET NOT NULL;",
            ["breaking: demands a value in column a.b (NOT NULL)"],
        ),
        ("ALTER TABLE a ADD COLUMN b int; ALTER TABLE a DROP COLUMN b;", []),
        (
            "ALTER TABLE a ADD COLUMN IF NOT EXISTS b int; ALTER TABLE a DROP COLUMN b;",
            ["destructive: drops column a.b"],
        ),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0) NOT VALID;", []),
        (
            "ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0), ADD CONSTRAINT d CHECK (b > 1) NOT VALID;",
            ["locking: adds check c to a"],
        ),
        (
            "ALTER TABLE a DROP COLUMN b, VALIDATE CONSTRAINT c;",
            ["destructive: drops column a.b"],
        ),
        (
            "BEGIN; CREATE INDEX CONCURRENTLY i ON a (b); COMMIT;",
            ["breaking: makes index i on a CONCURRENTLY inside a transaction, which fails"],
        ),
        ("BEGIN; COMMIT; CREATE INDEX CONCURRENTLY i ON a (b);", []),
        ("DROP VIEW v; CREATE VIEW v AS SELECT 1;", ["breaking: drops view v and makes it anew"]),
        ("CREATE OR REPLACE VIEW v AS SELECT 1;", []),
        (
            "CREATE TABLE a (b int); CREATE INDEX i ON a (b); ALTER TABLE a ALTER b SET NOT NULL;"
            " ALTER TABLE a ADD UNIQUE (b); UPDATE a SET b = 1; DROP INDEX i; DROP TABLE a;",
            [],
        ),
        ('CREATE TABLE public.a (b int); CREATE INDEX i ON "a" (b);', []),
        (
            "CREATE TABLE IF NOT EXISTS a (b int); CREATE INDEX i ON a (b); DROP TABLE a;",
            ["destructive: drops table a"],
        ),
        ("INSERT INTO a VALUES ('; DROP TABLE b; --'); -- DROP TABLE c;\n/* DROP TABLE d; */", []),
        (
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM a; END $$ LANGUAGE plpgsql;",
            [],
        ),
    ],
)
def test_on_postgresql(sql: str, said: list[str]) -> None:
    assert hazards(sql) == said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE INDEX i ON a (b);", []),
        ("ALTER TABLE a ADD COLUMN b integer REFERENCES c (id);", []),
        ("ALTER TABLE a DROP COLUMN b;", ["destructive: drops column a.b"]),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; UPDATE c SET d = 1; END;", []),
        (
            "CREATE TABLE new_a (b int); INSERT INTO new_a (b) SELECT b FROM a; DROP TABLE a;",
            ["destructive: drops table a"],
        ),
        (
            "CREATE TABLE new_a (b int); INSERT INTO new_a (b) SELECT b FROM a WHERE b > 1;"
            "DROP TABLE a; ALTER TABLE new_a RENAME TO a;",
            ["destructive: drops table a"],
        ),
    ],
)
def test_on_sqlite(sql: str, said: list[str]) -> None:
    assert hazards(sql, "sqlite") == said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE INDEX i ON a (b);", []),
        ("ALTER TABLE a MODIFY b bigint NULL;", ["locking: changes the type of column a.b to BIGINT"]),
        ("ALTER TABLE a CHANGE b c bigint NULL, ALGORITHM=INPLACE;", [
            "breaking: renames column a.b to c",
            "locking: changes the type of column a.c to BIGINT",
        ]),
        ("RENAME TABLE a TO b;", [
            "breaking: renames what the version before uses: RENAME TABLE a TO b",
        ]),
        ("DELETE a FROM a JOIN b ON a.x = b.x;", []),
        ("INSERT INTO a VALUES ('it\\'s; DROP TABLE b;');", []),
    ],
)  # fmt: skip
def test_on_mysql(sql: str, said: list[str]) -> None:
    assert hazards(sql, "mysql") == said


@pytest.mark.parametrize(
    "sql",
    [
        "DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$;",
        "FROBNICATE a AND DROP TABLE b;",
        "ALTER TABLE a DROP b NICELY, FROBNICATE c;",
    ],
)
def test_a_loss_is_not_missed_in_what_cannot_be_read(sql: str) -> None:
    read = facts(sql)
    assert read.unread == 1
    assert [each.hazard for each in read.operations] == [Hazard.DESTRUCTIVE]


def test_what_cannot_be_read_is_counted_without_a_guess() -> None:
    read = facts("FROBNICATE a; CALL tidy(); ALTER TABLE a FROBNICATE b;")
    assert (read.statements, read.unread, read.operations) == (3, 3, ())


def test_a_dropped_column_says_that_data_is_lost_and_that_the_version_before_fails() -> None:
    (dropped,) = facts("ALTER TABLE orders DROP COLUMN courier;").operations
    assert dropped.hazard is Hazard.DESTRUCTIVE
    assert "gone for good" in dropped.advice
    assert "version before" in dropped.advice
