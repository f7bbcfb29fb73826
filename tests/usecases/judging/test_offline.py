"""Judging a file that does not hold still."""

import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.judging.offline import Settings, judge_counts

HEADER = b"at,arm,bad,total,kpi\n"
ROWS = [b"0,baseline,0,90,errors\n", b"0,canary,0,10,errors\n"]


def test_rows_that_come_while_it_is_read_are_left_out() -> None:
    versions = iter([[HEADER, *ROWS], [HEADER, *ROWS, b"1,canary,90,90,late\n"]])
    found = judge_counts(lambda: next(versions), "counts.csv", Settings())
    assert [finding.assessment.canary.total for finding in found.kpis] == [10]


def test_a_file_that_was_changed_while_it_was_read_is_refused() -> None:
    versions = iter([[HEADER, *ROWS], [HEADER, b"0,canary,90,90,other\n", *ROWS]])
    with pytest.raises(InvalidInput, match=r"counts\.csv was changed while it was read"):
        judge_counts(lambda: next(versions), "counts.csv", Settings())
