"""Which cases of a pytest report are runs of one test.

pytest-rerunfailures writes every run of a test as a case of its own, and the runs that failed and were
tried again without anything in them, so that they look passed; when a test fails and its fixtures then
fail too, pytest writes two cases as well. Names are unique in pytest, so cases of one name are one test:
it failed when one of its runs is written as failed.

Names are not kept: eight bytes for each case are, a hash of 62 bits and room for the outcome. In a report
of a million cases two different names fall together with a chance of one in ten million.
"""

from array import array
from collections.abc import Callable

from gonogo.evidence.junit_counts import Tally

PASSED, SKIPPED, FAILED = 0, 1, 2
"""Outcomes by weight: of several runs the heaviest counts."""

_OUTCOME = 3


class Repeats:
    """The cases of one suite: `note` each by the hash of its name, and `ended` says more of the last."""

    def __init__(self) -> None:
        self._names = array("q")
        self._ended = array("Q")
        self.note: Callable[[int], None] = self._names.append

    def ended(self, outcome: int) -> None:
        """The case that was noted last did not just pass."""
        self._ended.append((len(self._names) - 1) << 2 | outcome)

    def settle(self, tally: Tally) -> int:
        """Count every test once in `tally`, which has each of its runs; how many tests there are."""
        import numpy as np

        runs = np.frombuffer(self._names, dtype=np.uint64)  # no copy: there may be millions
        if runs.size == 0:
            return 0
        ended = np.frombuffer(self._ended, dtype=np.uint64)
        runs &= np.uint64(2**64 - 1 - _OUTCOME)
        runs[(ended >> 2).astype(np.int64)] |= ended & _OUTCOME
        runs.sort()
        last = np.flatnonzero(np.append((runs[1:] ^ runs[:-1]) > _OUTCOME, True))
        tests = int(last.size)
        if tests < runs.size:
            final = (runs[last] & _OUTCOME).astype(np.uint8)
            every = (runs & _OUTCOME).astype(np.uint8)
            again = np.diff(last, prepend=-1) > 1
            tally.cases -= int(runs.size) - tests
            tally.failed -= int((every == FAILED).sum() - (final == FAILED).sum())
            tally.skipped -= int((every == SKIPPED).sum() - (final == SKIPPED).sum())
            tally.flaky += int(((final == PASSED) & again).sum())
        return tests
