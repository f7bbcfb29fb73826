"""What the reader of counts gives out, and what it refuses with row and column."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Arm, Counts, Increment
from gonogo.evidence.counts_csv import in_looks, read_counts

HEADER = b"at,arm,bad,total\n"


def read(text: bytes) -> list[tuple[int, Arm, Counts]]:
    rows = read_counts(text.splitlines(keepends=True), "counts.csv")
    return [(row.number, row.arm, row.counts) for row in rows]


def test_columns_may_stand_in_any_order_and_a_byte_order_mark_is_no_column() -> None:
    text = "\ufefftotal,bad,at,arm\r\n20,1,0,canary\r\n".encode()
    assert read(text) == [(1, Arm.CANARY, Counts(1, 20))]


def test_rows_with_one_time_are_added_up_to_one_look() -> None:
    text = HEADER + b"0,baseline,0,9\n0,canary,1,1\n0,canary,1,2\n0.5,canary,0,1\n"
    first, second = in_looks(read_counts(text.splitlines(keepends=True), "counts.csv"))
    assert first.last_row == 3
    assert first.increments["requests"] == Increment("requests", Counts(0, 9), Counts(2, 3))
    assert second.last_row == 4
    assert second.increments["requests"] == Increment("requests", Counts(), Counts(0, 1))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"2025-11-22T14:02:01Z", datetime(2025, 11, 22, 14, 2, 1, tzinfo=UTC)),
        (b"2025-11-22 15:02:01+01:00", datetime(2025, 11, 22, 14, 2, 1, tzinfo=UTC)),
        (b"2025-11-22T14:02:01", datetime(2025, 11, 22, 14, 2, 1, tzinfo=UTC)),
        (b"1.5", datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1.5)),
    ],
)
def test_times_are_iso_8601_or_seconds(written: bytes, meant: datetime) -> None:
    (row,) = read_counts([HEADER, written + b",canary,0,1\n"], "counts.csv")
    assert row.at == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "counts.csv, header: no column at; the file is empty"),
        (b"0,canary,0,1\n", 'header: no column at; the first line is "0,canary,0,1"'),
        (b"at;arm;bad;total\n0;canary;0;1\n", "header: no column at"),
        (b"at,arm,bad,bad,total\n", "header: two columns bad"),
        (b"at,arm,bad,total,path\n", 'header: unknown column "path"'),
        (HEADER + b"0,canary,-1,1\n", 'row 1 (line 2), column bad: "-1" is negative'),
        (HEADER + b"0,canary,0,-40\n", 'row 1 (line 2), column total: "-40" is negative'),
        (HEADER + b"0,canary,0.5,1\n", 'column bad: "0.5" is not written as a whole number'),
        (HEADER + b"0,canary,0,1e3\n", 'column total: "1e3" is not written as a whole number'),
        (HEADER + b"0,canary,0,\n", "column total: empty"),
        (HEADER + b"0,canary,0,many\n", 'column total: "many" is not a number'),
        (HEADER + b"0,canary,0,9999999999999999\n", "is too large"),
        (HEADER + "0,canary,0,٣\n".encode(), "column total"),
        (HEADER + b"0,canary,0,1\n1,canary,3,2\n", "row 2 (line 3), column bad: 3 bad of 2 in all"),
        (HEADER + b"0,Canary,0,1\n", 'column arm: "Canary" is neither baseline nor canary'),
        (
            HEADER + b"5,canary,0,1\n\n4,canary,0,1\n",
            'row 2 (line 4), column at: "4" is before "5"',
        ),
        (HEADER + b"soon,canary,0,1\n", 'column at: "soon" is neither ISO 8601 nor'),
        (HEADER + b"nan,canary,0,1\n", 'column at: "nan" is neither'),
        (HEADER + b"1763820121000,canary,0,1\n", "too large for a number of seconds"),
        (
            HEADER + b"1,canary,0,1\n2025-11-22,canary,0,1\n",
            "the rows before are a number of seconds",
        ),
        (HEADER + b"0,canary,0\n", "row 1 (line 2): 3 fields where the header has 4"),
        (HEADER + b"0,canary,0,1,2\n", "5 fields where the header has 4"),
        (HEADER + b'0,"canary,0,1\n', "row 1: not CSV"),
        (HEADER + b'"soon\nor late",canary,0,1\n', "column at"),
        (HEADER + b"0,canary,0,\xff\n", "line 2: not UTF-8 text"),
        ("at,arm,bad,total\n".encode("utf-16"), "line 1: not UTF-8 text"),
        (b"at,arm,bad,total,kpi\n0,canary,0,1,\n", "column kpi"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text)
    message = str(refused.value)
    assert said in message
    assert message.startswith("counts.csv")
    assert "\n" not in message


def test_rows_are_given_out_before_the_next_line_is_asked_for() -> None:
    asked = 0

    def lines() -> Iterator[bytes]:
        nonlocal asked
        for line in (HEADER, *(b"%d,canary,0,1\n" % second for second in range(9))):
            asked += 1
            yield line

    next(read_counts(lines(), "counts.csv"))
    assert asked == 2
