"""Load tests, KPIs, error budget and incidents."""

from datetime import timedelta
from math import inf, nan

import pytest
from tests.gates.cases import DAY, HOUR, NOW, counted, dossier, held, judged, report, said

from gonogo.domain.facts import LoadFacts, Measurement, MeasurementFacts
from gonogo.domain.gate_rules import Bound, ErrorBudgetRule, IncidentsRule, KpisRule, LoadRule

NONE = (None, None, "")


def load(requests: int = 1000, failures: int = 0, **values) -> LoadFacts:
    numbers = {"p50_ms": 50.0, "p95_ms": 180.0, "p99_ms": 420.5, "concurrency": 50, **values}
    return LoadFacts("k6", requests, failures, 60.0, **numbers)


FULL = LoadRule(
    p95=timedelta(milliseconds=200),
    p99=timedelta(milliseconds=420.5),
    concurrency=50,
    requests=1000,
)


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (
            FULL,
            [load(failures=10)],
            (
                "pass",
                "1000 requests, 1 % failed (at most 1 %), p95 180 ms (at most 200 ms),"
                " p99 420.5 ms (at most 420.5 ms), 50 users at once (at least 50)",
            ),
            (0.01, 0.01, "share"),
        ),
        (
            LoadRule(errors=None, concurrency=1),
            [load(concurrency=1)],
            ("pass", "1000 requests, 1 user at once (at least 1)"),
            (1, 1, "users"),
        ),
        (
            FULL,
            [load(failures=11)],
            ("fail", "1.1 % failed (at most 1 %)"),
            (0.011, 0.01, "share"),
        ),
        (
            FULL,
            [load(100_000, failures=1001)],
            ("fail", "1.1 % failed (at most 1 %)"),
            (0.01001, 0.01, "share"),
        ),
        (FULL, [load(p95_ms=201.0)], ("fail", "p95 201 ms (at most 200 ms)"), (201, 200, "ms")),
        (FULL, [load(p99_ms=421.0)], ("fail", "p99 421 ms (at most 420.5 ms)"), (421, 420.5, "ms")),
        (
            FULL,
            [load(concurrency=49)],
            ("fail", "49 users at once (at least 50)"),
            (49, 50, "users"),
        ),
        (FULL, [load(p95_ms=None)], ("inconclusive", "the load test does not say its p95"), NONE),
        (FULL, [load(p99_ms=nan)], ("inconclusive", "the load test does not say its p99"), NONE),
        (
            FULL,
            [load(concurrency=None)],
            ("inconclusive", "the load test does not say how many users it had"),
            NONE,
        ),
        (
            FULL,
            [load(999, p95_ms=900.0)],
            ("inconclusive", "999 requests are too few to tell (at least 1000)"),
            (999, 1000, "requests"),
        ),
        (
            LoadRule(requests=0),
            [load(0)],
            ("inconclusive", "0 requests are too few to tell (at least 0)"),
            (0, 0, "requests"),
        ),
        (
            LoadRule(requests=0),
            [load(1)],
            ("pass", "1 request, 0 % failed (at most 1 %)"),
            (0, 0.01, "share"),
        ),
        (
            LoadRule(errors=None),
            [load()],
            ("inconclusive", "the rule says no limit to hold the load test against"),
            NONE,
        ),
        (
            FULL,
            [load(), load(p95_ms=300.0)],
            ("fail", "p95 300 ms (at most 200 ms)"),
            (300, 200, "ms"),
        ),
        (FULL, [load(p95_ms=200.0), load()], "pass", None),
    ],
)
def test_every_load_test_keeps_every_limit(rule, facts, expected, numbers):
    result = judged(rule, *facts)
    if numbers is None:
        assert result.status == expected
    else:
        assert (said(result), counted(result)) == (expected, numbers)


def measured(**values: tuple[float, str]) -> MeasurementFacts:
    return MeasurementFacts(
        tuple(Measurement(name.replace("_", " "), *value) for name, value in values.items())
    )


EXPORT = KpisRule(bounds=(Bound("export p95", at_most=2.0, unit="s"),))
TWO = KpisRule(bounds=(*EXPORT.bounds, Bound("forms", at_least=99.0, unit="%")))
QUEUE = KpisRule(bounds=(Bound("queue"),))
BETWEEN = KpisRule(bounds=(Bound("queue", at_most=10, at_least=1),))


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (EXPORT, measured(export_p95=(2.0, "s")), ("pass", "export p95 is 2 s"), (2, 2, "s")),
        (
            EXPORT,
            measured(export_p95=(2.41, "s")),
            ("fail", "export p95 is 2.41 s (at most 2 s)"),
            (2.41, 2, "s"),
        ),
        (
            EXPORT,
            measured(export_p95=(1.0, "")),
            ("inconclusive", "export p95 was measured in no unit, the bound is in s"),
            NONE,
        ),
        (
            BETWEEN,
            measured(queue=(1, "jobs")),
            ("inconclusive", "queue was measured in jobs, the bound is in no unit"),
            NONE,
        ),
        (
            EXPORT,
            measured(export_p95=(nan, "s")),
            ("inconclusive", "export p95 is not a number"),
            NONE,
        ),
        (EXPORT, measured(other=(1, "s")), ("missing", "export p95 was not measured"), NONE),
        (
            QUEUE,
            measured(queue=(1, "")),
            ("inconclusive", "the rule says no bound for queue"),
            NONE,
        ),
        (BETWEEN, measured(queue=(11, "")), ("fail", "queue is 11 (at most 10)"), (11, 10, "")),
        (BETWEEN, measured(queue=(0, "")), ("fail", "queue is 0 (at least 1)"), (0, 1, "")),
        (BETWEEN, measured(queue=(10, "")), ("pass", "queue is 10"), (10, 10, "")),
        (BETWEEN, measured(queue=(1, "")), ("pass", "queue is 1"), (1, 10, "")),
        (
            KpisRule(bounds=(Bound("queue", at_least=1),)),
            measured(queue=(1, "")),
            ("pass", "queue is 1"),
            (1, 1, ""),
        ),
        (
            TWO,
            measured(export_p95=(1.5, "s"), forms=(99.9, "%")),
            ("pass", "export p95 is 1.5 s, forms is 99.9 %"),
            (1.5, 2, "s"),
        ),
        (
            TWO,
            measured(export_p95=(1.5, "s"), forms=(98.9, "%")),
            ("fail", "forms is 98.9 % (at least 99 %)"),
            (98.9, 99, "%"),
        ),
        (
            TWO,
            measured(export_p95=(3, "s"), forms=(98.9, "%")),
            ("fail", "export p95 is 3 s (at most 2 s), forms is 98.9 % (at least 99 %)"),
            (3, 2, "s"),
        ),
        (
            KpisRule(),
            measured(queue=(1, "")),
            ("inconclusive", "the rule names no measurement to hold to a bound"),
            NONE,
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(10, "%")),
            ("pass", "10 % of the error budget is left (at least 10 %)"),
            (0.1, 0.1, "share"),
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(0.099, "Share")),
            ("fail", "9.9 % of the error budget is left (at least 10 %)"),
            (0.099, 0.1, "share"),
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(100, "percent")),
            ("pass", "100 % of the error budget is left (at least 10 %)"),
            (1, 0.1, "share"),
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(1.5, "")),
            ("inconclusive", "error budget left is 150 %, more than all of it"),
            NONE,
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(60, "min")),
            ("inconclusive", "error budget left is 60 min, neither a share nor %"),
            NONE,
        ),
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(inf, "%")),
            ("inconclusive", "error budget left is not a number, neither a share nor %"),
            NONE,
        ),
        (
            ErrorBudgetRule(),
            measured(x=(1, "")),
            ("missing", "there is no error budget measurement"),
            NONE,
        ),
        (
            IncidentsRule(),
            measured(open_incidents=(0, "")),
            ("pass", "0 incidents are open (at most 0)"),
            (0, 0, "incidents"),
        ),
        (
            IncidentsRule(),
            measured(open_incidents=(1, "")),
            ("fail", "1 incident is open (at most 0)"),
            (1, 0, "incidents"),
        ),
        (
            IncidentsRule(),
            measured(open_incidents=(nan, "")),
            ("inconclusive", "open incidents is nan, which is no count"),
            NONE,
        ),
        (
            IncidentsRule(),
            measured(open_incidents=(-1, "")),
            ("inconclusive", "open incidents is -1, which is no count"),
            NONE,
        ),
        (IncidentsRule(), measured(x=(1, "")), ("missing", "there is no incident count"), NONE),
    ],
)
def test_measured_numbers_are_held_to_their_bounds_in_their_units(rule, facts, expected, numbers):
    result = judged(rule, facts)
    assert (said(result), counted(result)) == (expected, numbers)


def test_the_newest_report_with_a_measurement_counts_for_it_and_is_the_evidence():
    old = report(
        measured(export_p95=(9, "s"), forms=(99.5, "%")), name="old", at=NOW - 9 * HOUR, commit=None
    )
    new = report(measured(export_p95=(1, "s")), name="new", at=NOW - HOUR, commit=None)
    older = report(measured(export_p95=(9, "s")), name="older", at=NOW - 10 * HOUR, commit=None)
    for papers in ((old, new, older), (older, new, old)):
        result = held(TWO, dossier(*papers))
        assert said(result) == ("pass", "export p95 is 1 s, forms is 99.5 %")
        assert [one.name for one in result.evidence] == ["old", "new"]
        assert result.until == NOW - 9 * HOUR + DAY


def test_a_measurement_that_appears_twice_in_one_report_must_keep_its_bound_twice():
    for values in ((1, 3), (3, 1)):
        twice = MeasurementFacts(tuple(Measurement("export p95", v, "s") for v in values))
        assert judged(EXPORT, twice).status == "fail"
    for rule, name in (
        (ErrorBudgetRule(), "error budget left"),
        (IncidentsRule(), "open incidents"),
    ):
        twice = MeasurementFacts((Measurement(name, 0), Measurement(name, 1)))
        assert judged(rule, twice).status == "fail"


def test_a_fresh_measurement_of_another_name_does_not_stand_in_for_an_old_one():
    old = report(measured(forms=(99.5, "%")), name="old", at=NOW - 30 * HOUR, commit=None)
    new = report(measured(export_p95=(1, "s")), name="new", commit=None)
    result = held(TWO, dossier(old, new))
    assert said(result) == ("stale", "old is 30 hours old (limit 24)")
    assert [one.name for one in result.evidence] == ["old", "new"]
    budget = held(ErrorBudgetRule(), dossier(replaced_budget(30), new))
    assert said(budget) == ("stale", "error budget measurement is 30 hours old (limit 24)")


def replaced_budget(hours: int):
    facts = measured(error_budget_left=(50, "%"))
    return report(facts, name="budget", at=NOW - hours * HOUR, commit=None)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (
            ErrorBudgetRule(),
            measured(error_budget_left=(50, "%")),
            measured(error_budget_left=(1, "%")),
        ),
        (IncidentsRule(), measured(open_incidents=(0, "")), measured(open_incidents=(1, ""))),
    ],
)
def test_the_newest_budget_or_count_counts_whichever_was_filed_last(rule, good, bad):
    newer = report(good, name="newer", at=NOW - HOUR, commit=None)
    older = report(bad, name="older", at=NOW - 2 * HOUR, commit=None)
    assert held(rule, dossier(newer, older)).status == "pass"
