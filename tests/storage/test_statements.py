"""Statements that are compiled once say and refuse what SQLAlchemy would."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from gonogo.domain.errors import Unavailable
from gonogo.storage.creation import create_all
from gonogo.storage.engine import make_engine
from gonogo.storage.kept import Kept
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import messages

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ADD = Prepared(sa.insert(messages))
FIND = Prepared(sa.select(messages).where(messages.c.id == sa.bindparam("of_id")))
A_MESSAGE = {
    "id": "m1",
    "release_id": "r1",
    "kind": "desk:release:held",
    "text": "held",
    "at": AT,
    "due_at": AT,
    "attempts": 0,
}


@pytest.fixture
def kept(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    with engine.begin() as connection:
        create_all(connection)
    found = Kept(engine)
    yield found
    found.close()
    engine.dispose()


def add(connection: sa.Connection, **changes: object) -> None:
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    ADD.run(connection, {**A_MESSAGE, **changes})


def test_a_row_reads_as_sqlalchemy_would_read_it(kept):
    def work(connection):
        connection.exec_driver_sql("DELETE FROM messages")
        add(connection)
        mine = FIND.first(connection, {"of_id": "m1"})
        theirs = connection.execute(sa.select(messages)).one()
        told = {column.name: getattr(mine, column.name) for column in messages.c}
        assert told == theirs._asdict()
        connection.exec_driver_sql("DELETE FROM messages")
        return told["at"]

    assert kept.transact(work) == AT


def test_a_parameter_without_a_value_is_refused(kept):
    with pytest.raises(sa.exc.InvalidRequestError, match="no value for of_id"):
        kept.transact(FIND.first)


def test_a_row_that_is_there_already_is_an_integrity_error(kept):
    def work(connection):
        add(connection)
        add(connection)

    with pytest.raises(sa.exc.IntegrityError, match="UNIQUE"):
        kept.transact(work)


def test_what_failed_leaves_nothing_behind_and_the_next_transaction_begins_anew(kept):
    def fail(connection):
        add(connection)
        raise Unavailable("the power is gone")

    with pytest.raises(Unavailable, match="the power is gone"):
        kept.transact(fail)
    assert kept.transact(lambda connection: FIND.first(connection, {"of_id": "m1"})) is None


def test_who_comes_while_the_connection_is_in_use_is_served_by_another(tmp_path, kept):
    reads = Kept(kept._engine.execution_options(gonogo_reading=True))
    found = []

    def slow(connection):
        def meanwhile():
            found.append(reads.transact(lambda other: other is not connection))

        another = threading.Thread(target=meanwhile)
        another.start()
        another.join(timeout=10)

    reads.transact(slow)
    assert found == [True]
    reads.close()
