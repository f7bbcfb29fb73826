"""What the reader of migration SQL does with text that is cut off, damaged, huge or no SQL at all."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import Hazard, MigrationFacts
from gonogo.evidence.formats import read_report
from gonogo.evidence.migrations import reader

REPORTS = Path(__file__).parent / "reports"
SCRIPTS = sorted([*REPORTS.glob("alembic/*"), *REPORTS.glob("django/*")])
ALEMBIC = (REPORTS / "alembic" / "postgresql-0001-0003.sql").read_bytes()

VOCABULARY = """
ALTER TABLE DROP COLUMN CREATE INDEX CONCURRENTLY ON a b ( ) , ; ; ' " ` $$ -- /* */ NOT NULL DEFAULT 1
TRUNCATE DELETE FROM UPDATE SET = WHERE INSERT INTO SELECT BEGIN COMMIT END TRIGGER CASE DO RENAME TO TYPE
text ADD CONSTRAINT CHECK LOCK VACUUM PRAGMA . \\ :: [ ] alembic_version MODIFY CHANGE VIEW WITH AS IF
EXISTS ONLY
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\n"])


def facts(data: bytes, name: str = "pending.sql") -> MigrationFacts:
    (evidence,) = read_report(io.BytesIO(data), name)
    assert isinstance(evidence.facts, MigrationFacts)
    return evidence.facts


def refused_or_read(data: bytes) -> None:
    try:
        read = facts(data)
    except InvalidInput:
        return
    assert read.statements > 0
    assert all(each.statement > 0 for each in read.operations)
    assert all(each.what.isprintable() and len(each.what) < 300 for each in read.operations)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x7fELF\x02\x01\x01\x00\xff\xfe", "is not UTF-8 text (byte 9)"),
        (b"DROP TABLE a;\x00", "is not text: it has a zero byte"),
        ("ALTER TABLE größe ADD COLUMN a int;".encode("latin-1"), "is not UTF-8 text"),
        ("DROP TABLE a;".encode("utf-16"), "is not UTF-8 text"),
        (b"INSERT INTO a VALUES ('it);\nDROP TABLE b;\n", "never ends"),
        (b"/* DROP TABLE b;\n", "never ends"),
        (b"SELECT 1::int; DO $$ BEGIN DROP TABLE b;\n", "never ends"),
        (b"-- DROP TABLE a;\n\n", "holds no SQL statement"),
        (b";;;", "holds no SQL statement"),
        (b"BEGIN;\nDROP TABLE a;\n", "begins a transaction that it never commits"),
        (b"CREATE TABLE a (b int)\nGO\n", "SQL Server"),
        (b"SELECT 1;" * 100_001, "more than 50000 statements"),
    ],
)
def test_what_is_no_script_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        facts(data)
    assert said in str(caught.value)
    assert str(caught.value).startswith("pending.sql: ")


def test_a_script_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidInput, match="larger than 8 MiB"):
        facts(b"-- " + b"x" * reader.LARGEST)


@pytest.mark.parametrize("kept", range(30, len(ALEMBIC) - 12, 25))
def test_alembics_sql_that_is_cut_off_anywhere_is_refused(kept: int) -> None:
    with pytest.raises(InvalidInput):
        facts(ALEMBIC[:kept])


def test_a_mark_of_bytes_and_dos_line_ends_change_nothing() -> None:
    changed = b"\xef\xbb\xbf" + ALEMBIC.replace(b"\n", b"\r\n")
    assert facts(changed) == facts(ALEMBIC)


def test_brackets_nested_deeper_than_the_parser_can_go_are_counted_as_unread() -> None:
    deep = b"DELETE FROM a WHERE " + b"(" * 5000 + b"b" + b")" * 5000 + b"; DROP TABLE c;"
    read = facts(deep)
    assert read.unread == 1
    assert [each.what for each in read.operations] == ["drops table c"]


def test_an_insert_of_thousands_of_rows_adds_and_takes_nothing_away() -> None:
    rows = b"INSERT INTO a VALUES " + b",".join([b"(1,'DROP TABLE b')"] * 8000) + b";"
    read = facts(rows)
    assert (read.statements, read.unread, read.operations) == (1, 0, ())


def test_comments_that_mysql_runs_are_not_passed_over() -> None:
    read = facts(b"/*!50001 DROP TABLE a */; SELECT `b`;")
    assert read.dialect == "mysql"
    assert read.unread == 1
    assert [each.hazard for each in read.operations] == [Hazard.DESTRUCTIVE]


@pytest.mark.slow
def test_fifty_thousand_statements_are_read() -> None:
    lines = (f"ALTER TABLE orders{number} DROP COLUMN a;\n" for number in range(50_000))
    read = facts("".join(lines).encode())
    assert (read.statements, len(read.operations), read.unread) == (50_000, 50_000, 0)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
@example("x" * 300)
def test_any_text_is_read_or_refused(text: str) -> None:
    refused_or_read(text.encode("utf-8", errors="surrogatepass"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=40))
def test_any_words_of_sql_are_read_or_refused(words: list[str]) -> None:
    refused_or_read(" ".join(words).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SCRIPTS),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_script_with_changed_bytes_is_read_or_refused(
    script: Path, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(script.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    refused_or_read(bytes(data))
