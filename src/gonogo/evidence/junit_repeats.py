"""Which cases of a pytest report are runs of one test.

pytest-rerunfailures writes every run of a test as a case of its own, and the runs that failed and were
tried again without anything in them, so that they look passed; when a test fails and its fixtures then
fail too, pytest writes two cases as well. Names are unique in pytest, so cases of one name are one test:
it failed when one of its runs is written as failed.

Names are not kept: eight bytes for each case are, a hash of 62 bits with the outcome in the lowest two.
In a report of a million cases two different names fall together with a chance of one in ten million.
"""

from array import array

from gonogo.evidence.junit_counts import Tally

PASSED, SKIPPED, FAILED = 0, 1, 2
"""Outcomes by weight: of several runs the heaviest counts."""

_NAME_BITS = (1 << 64) - 4


class Repeats:
    """The cases of one suite."""

    def __init__(self) -> None:
        self._runs = array("Q")

    def add(self, classname: str | None, name: str | None, file: str | None, outcome: int) -> None:
        """Note one case."""
        self._runs.append(hash((classname, name, file)) & _NAME_BITS | outcome)

    def settle(self, tally: Tally) -> int:
        """Count every test once in `tally`, which has each of its runs; how many tests there are."""
        import numpy as np

        runs = np.array(self._runs, dtype=np.uint64)
        if runs.size == 0:
            return 0
        runs.sort()
        names, outcomes = runs >> 2, runs & 3
        last = np.flatnonzero(np.append(names[1:] != names[:-1], True))
        if last.size == runs.size:
            return int(last.size)
        final = outcomes[last]
        again = np.diff(last, prepend=-1) > 1
        tally.cases -= int(runs.size - last.size)
        tally.failed -= int((outcomes == FAILED).sum() - (final == FAILED).sum())
        tally.skipped -= int((outcomes == SKIPPED).sum() - (final == SKIPPED).sum())
        tally.flaky += int(((final == PASSED) & again).sum())
        return int(last.size)
