"""Our own form: what it tells, and every way in which it is refused."""

from datetime import UTC, datetime

import pytest
from tests.evidence.reading import document, evidence, facts, refusal

from gonogo.domain.facts import (
    Component,
    ComponentFacts,
    DrillFacts,
    Example,
    HealthState,
    HealthTest,
    LoadFacts,
    Measurement,
    MeasurementFacts,
    SiteHealthFacts,
    SuiteCounts,
    TestFacts,
)

MEASURED = MeasurementFacts(
    (Measurement("export p95", 1.4, "s"), Measurement("image size", 182, "MiB"))
)


@pytest.mark.parametrize("path", ["gonogo/measurements.json", "gonogo/list.json"])
def test_measurements_are_read_with_or_without_the_frame(path):
    (found,) = evidence(path)
    assert found.facts == MEASURED
    assert found.commit == "0123456789abcdef0123456789abcdef01234567"
    assert found.at == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "site-health",
            SiteHealthFacts(
                (
                    HealthTest("database", HealthState.GOOD),
                    HealthTest("disk", HealthState.CRITICAL, "3 % free", "Delete old exports"),
                )
            ),
        ),
        ("drill", DrillFacts("orders", True, True, 5400, 312.5)),
        (
            "tests",
            TestFacts(
                10,
                8,
                1,
                1,
                1,
                4.2,
                (SuiteCounts("api", 10, 1, 1, 1),),
                (Example("creates an order", "tests/api:12", "500"),),
            ),
        ),
        ("load", LoadFacts("wrk", 1000, 2, 30, None, 80.5, None, 20)),
        (
            "components",
            ComponentFacts((Component("log", "1.2", ("MIT",)), Component("cart", "2.0"))),
        ),
    ],
)
def test_each_subject_is_read(path, expected):
    assert facts(f"gonogo/{path}.json") == expected


def measurement(**change):
    return {"gonogo": 1, "measurements": [{"name": "a", "value": 1} | change]}


def subject(name, **change):
    log = document(f"gonogo/{name}.json")
    log[name] |= change
    return log


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (measurement(colour="red"), "measurements[0].colour is no key that is known"),
        (measurement() | {"extra": None}, "extra is no key that is known"),
        ({"gonogo": 1}, "tells of nothing; exactly one of"),
        (measurement() | {"drill": {}}, "tells of measurements and drill; exactly one of"),
        (measurement() | {"gonogo": 2}, "version 1 is read"),
        ({"gonogo": 1, "measurements": []}, "measurements is empty"),
        (measurement(value="1"), "measurements[0].value is a text, not a number"),
        (measurement(value=True), "measurements[0].value is true or false, not a number"),
        (measurement(value=10**400), "measurements[0].value is too large a number"),
        (measurement(at="2026-03-01T10:00:00"), "measurements[0].at"),
        (measurement(at="yesterday"), "is no time as in ISO 8601"),
        (measurement(commit="main"), "is no commit"),
        (measurement(name=""), "is an empty name"),
        (measurement(commit="a" * 40) | {"commit": "b" * 40}, "stands in the same file"),
        (
            measurement(at="2026-03-01T10:00:00Z") | {"at": "2026-03-01T10:00:01Z"},
            "stands in the same file",
        ),
        ([{"name": "a", "value": 1}, {"name": "a", "value": 2}], "was measured before"),
        ([{"name": "a", "value": 1}, {"name": "b"}], "[1] has no value"),
        (subject("tests", passed=9), "has 10 in total, but 9 passed"),
        (subject("tests", flaky=9), "has 9 flaky of 8"),
        (subject("tests", total=0, passed=0, failed=0, skipped=0, flaky=0), "no test"),
        (subject("drill", restored="yes"), "drill.restored is a text, not true or false"),
        (subject("drill", restore_seconds=-1), "is -1, which is negative"),
        (subject("load", failures=1001), "more failures (1001) than requests (1000)"),
        (subject("load", requests=0, failures=0), "tells of no request"),
        (
            {"gonogo": 1, "site_health": [{"name": "a", "state": "fine"}]},
            "site_health[0].state is fine, not one of",
        ),
        ({"gonogo": 1, "components": []}, "components is empty"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(log, why):
    assert why in refusal(log, "plain.json")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_numbers_without_end_are_refused(number):
    assert refusal(b'[{"name": "a", "value": %s}]' % number, "plain.json")
