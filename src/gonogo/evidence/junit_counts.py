"""What the suites of a JUnit report add up to, and whether that is what they declare.

There is no one convention for a suite's `tests`, `failures`, `errors` and `skipped`; these are the ones
that producers were seen to follow:

* the cases in the suite and in the suites inside it (Vitest, Jest; nested suites by the schema), or without
  those inside it;
* Node: the direct children, where a suite inside counts as one, failing when something in it fails;
* Maven Surefire: every run of a case that was run again counts, those that failed as failures;
* pytest: every part that failed is a failure, a passed subtest counts in `tests` but is not written,
  and the runs before the last that pytest-rerunfailures makes are written but not counted;
* Mocha: every failure is declared as an error, or as both.

A declared number that none of them explains is a contradiction. What is in the report is counted
always by its cases; the declared numbers are only held against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

DECLARED = ("tests", "failures", "errors", "skipped")


@dataclass(slots=True)
class Tally:
    """Cases as they ended, and what was written in them.

    `failed` and `skipped` are cases by how they ended; `failures`, `errors` and `skips` are elements;
    `with_…` are cases that have at least one; `failed_runs` and `error_runs` are runs that another run
    of the same case came after, or that came after another; `loose` are failures and errors of a suite
    itself.
    """

    cases: int = 0
    failed: int = 0
    skipped: int = 0
    flaky: int = 0
    failures: int = 0
    errors: int = 0
    skips: int = 0
    with_failures: int = 0
    with_errors: int = 0
    with_either: int = 0
    with_skips: int = 0
    failed_runs: int = 0
    error_runs: int = 0
    loose: int = 0

    def add(self, other: "Tally") -> None:
        """Take in what is in another suite."""
        for name in _FIELDS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_FIELDS = tuple(each.name for each in fields(Tally))


@dataclass(slots=True)
class Inside:
    """The suites directly inside a suite, counted as Node does: each is one."""

    suites: int = 0
    failing: int = 0
    skipping: int = 0


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A declared number that the cases do not bear out."""

    attribute: str
    declared: int
    found: int


def contradiction(
    declared: Mapping[str, int],
    direct: Tally,
    deep: Tally,
    inside: Inside,
    *,
    least_tests: int | None,
) -> Contradiction | None:
    """The first declared number that no convention explains.

    `deep` holds the cases of the suites inside as well. `least_tests` is set for pytest, whose `tests`
    may be larger than what is written: passed subtests are counted only there.
    """
    return (
        _tests(declared, direct, deep, inside, least_tests)
        or _failures(declared, direct, deep, inside)
        or _skipped(declared, direct, deep, inside)
    )


def _tests(
    declared: Mapping[str, int], direct: Tally, deep: Tally, inside: Inside, least: int | None
) -> Contradiction | None:
    tests = declared.get("tests")
    if tests in {None, deep.cases} or (least is not None and tests >= least):
        return None
    explained = {direct.cases + inside.suites}
    for tally in (direct, deep):
        explained |= {tally.cases, tally.cases + tally.failed_runs + tally.error_runs}
        explained.add(tally.cases + tally.loose)
    return None if tests in explained else Contradiction("tests", tests, deep.cases)


def _failures(
    declared: Mapping[str, int], direct: Tally, deep: Tally, inside: Inside
) -> Contradiction | None:
    failures, errors = declared.get("failures"), declared.get("errors")
    if failures in {None, deep.failures} and errors in {None, deep.errors}:
        return None
    together = {direct.with_either + inside.failing}
    as_failures = {direct.with_failures + inside.failing}
    as_errors = set()
    for tally in (direct, deep):
        as_failures |= {tally.failures, tally.with_failures, tally.failures + tally.failed_runs}
        as_errors |= {tally.errors, tally.with_errors, tally.errors + tally.error_runs}
        together |= {tally.with_either, tally.failures + tally.errors, tally.failed}
        together.add(tally.with_either + tally.loose)
    if failures in together and errors in {None, 0, failures}:
        return None
    if errors in together and failures in {None, 0}:
        return None
    if failures is not None and failures not in as_failures:
        return Contradiction("failures", failures, deep.with_failures)
    if errors is not None and errors not in as_errors:
        return Contradiction("errors", errors, deep.with_errors)
    return None


def _skipped(
    declared: Mapping[str, int], direct: Tally, deep: Tally, inside: Inside
) -> Contradiction | None:
    skipped = declared.get("skipped")
    if skipped in {None, deep.skips}:
        return None
    explained = {direct.with_skips + inside.skipping}
    for tally in (direct, deep):
        explained |= {tally.skips, tally.with_skips, tally.skipped}
    return None if skipped in explained else Contradiction("skipped", skipped, deep.skipped)
