import asyncio
import logging
import os
import re
import sqlite3
import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa
from tests.storage.samples import StandingClock, opened, url_of

from gonogo.domain.errors import Conflict
from gonogo.storage import schema
from gonogo.storage.engine import make_engine
from gonogo.storage.store import SqlStore, memory_store, open_store
from gonogo.storage.tables import metadata


def _objects(engine: sa.Engine) -> dict[str, list[str]]:
    """What each object's definition says, whatever the order of its constraints."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")
        return {
            name: sorted(re.split(r",(?= CONSTRAINT)", re.sub(r"\s+", " ", sql[:-1].strip())))
            for name, sql in rows
            if name != "alembic_version"
        }


def test_migrations_lead_to_the_tables_of_this_program(file):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    schema.upgrade(url_of(file))
    engine = make_engine(url_of(file))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_store_in_memory_has_the_same_tables_indexes_and_guards(file):
    schema.upgrade(url_of(file))
    engine, memory = make_engine(url_of(file)), memory_store(StandingClock())
    assert _objects(engine) == _objects(memory._engine)
    engine.dispose()
    await memory.close()


def test_the_program_knows_its_newest_schema():
    assert schema.known_versions()[-1] == schema.NEWEST


async def test_upgrading_again_changes_nothing(file):
    first = open_store(url_of(file), StandingClock())
    release = await opened(first)
    await first.close()
    schema.upgrade(url_of(file))
    second = open_store(url_of(file), StandingClock())
    assert await second.release("r1") == release
    await second.close()


def test_a_start_on_the_newest_schema_does_not_load_the_migrations(file):
    schema.upgrade(url_of(file))
    code = (
        "import sys; from gonogo.storage import schema; schema.upgrade(sys.argv[1]);"
        " print('alembic' in sys.modules)"
    )
    assert _python(code, url_of(file)) == "False"


def test_a_database_of_a_newer_program_is_refused_untouched(file):
    schema.upgrade(url_of(file))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Conflict) as refused:
        open_store(url_of(file), StandingClock())
    assert str(refused.value) == (
        f"the database {file} has schema 9999 of a newer gonogo;"
        f" this one knows schemas up to {schema.NEWEST}"
    )
    assert refused.value.hint == "pip install --upgrade gonogo"


def test_a_database_of_another_program_is_refused_untouched(file):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE releases (title TEXT)")
    connection.close()
    with pytest.raises(Conflict, match="is not gonogo's: it has a table releases"):
        open_store(url_of(file), StandingClock())


def test_a_failed_migration_leaves_what_was_there(file, monkeypatch):
    monkeypatch.setattr(
        "gonogo.storage.schema._MIGRATIONS", _migrations_that_fail(file.parent / "migrations")
    )
    with pytest.raises(sa.exc.OperationalError, match="no such table"):
        schema.upgrade(url_of(file))
    engine = make_engine(url_of(file))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_the_database_and_its_side_files_are_its_owners_alone(file):
    file.touch(mode=0o644)
    store = open_store(url_of(file), StandingClock())
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}
    assert modes == dict.fromkeys([file.name, f"{file.name}-wal", f"{file.name}-shm"], 0o600)
    asyncio.run(store.close())


def test_connections_are_durable_and_keep_foreign_keys(file):
    store = open_store(url_of(file), StandingClock())
    assert _pragmas(store) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    asyncio.run(store.close())


def test_programs_that_start_at_once_take_turns(file):
    code = "import sys; from gonogo.storage import schema; schema.upgrade(sys.argv[1]); print('ok')"
    starting = [_start(code, url_of(file)) for _ in range(4)]
    outputs = [process.communicate(timeout=60) for process in starting]
    assert [out.strip() for out, _ in outputs] == ["ok"] * 4, outputs


def test_upgrading_prints_nothing_and_leaves_logging_alone(file, capfd):
    before = (list(logging.root.handlers), logging.root.level)
    schema.upgrade(url_of(file))
    assert (list(logging.root.handlers), logging.root.level) == before
    assert capfd.readouterr() == ("", "")


def test_the_same_migrations_can_be_written_out_for_postgresql():
    from io import StringIO

    from alembic import command

    config = schema.configuration()
    config.output_buffer = StringIO()
    config.attributes["dialect"] = "postgresql"
    command.upgrade(config, "head", sql=True)
    script = config.output_buffer.getvalue()
    assert "TIMESTAMP WITH TIME ZONE" in script
    assert "WHERE NOT ended" in script
    assert "BEFORE UPDATE OR DELETE ON audit" in script


def _pragmas(store: SqlStore) -> dict[str, object]:
    def ask(connection) -> dict[str, object]:
        return {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    return store._writes.transact(ask)


def _migrations_that_fail(directory):
    (directory / "versions").mkdir(parents=True)
    (directory / "env.py").write_text((schema._MIGRATIONS / "env.py").read_text())
    (directory / "versions" / "broken.py").write_text(
        "from alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (id INTEGER)')\n"
        "    op.execute('INSERT INTO missing VALUES (1)')\n"
    )
    return directory


def _start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def _python(code: str, *arguments: str) -> str:
    out, err = _start(code, *arguments).communicate(timeout=60)
    assert not err
    return out.strip()
