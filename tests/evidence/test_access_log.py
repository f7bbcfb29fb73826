"""What is read from access logs, and what is refused."""

import json
import re
from datetime import UTC, datetime

import pytest

from gonogo.domain.traffic import Arm
from gonogo.evidence.access_log import ArmRule, DurationRule, LogForm, Unreadable, read_line

AT = datetime(2025, 11, 22, 14, 2, 1, tzinfo=UTC)
COMBINED = (
    '10.1.2.3 - dana [22/Nov/2025:15:02:01 +0100] "POST /orders?x=1 HTTP/1.1" 503 17 '
    '"-" "agent \\"quoted\\"" rt=0.412 up=10.0.0.7:8081'
)
BY_PATTERN = LogForm(ArmRule(None, re.compile(r"up=(\S+)"), "10.0.0.7:*", "10.0.0.8:*"))
BY_FIELD = LogForm(ArmRule("upstream.name", None, "canary"))


def as_json(**fields: object) -> str:
    return json.dumps({"time": AT.isoformat(), "status": 200, "upstream": {"name": "v1"}, **fields})


def test_a_combined_line_gives_its_request() -> None:
    request = read_line(COMBINED, BY_PATTERN)
    assert request is not None
    assert (request.at, request.address, request.status) == (AT, Arm.CANARY, 503)
    assert (request.method, request.path, request.client) == ("POST", "/orders", "10.1.2.3")


def test_a_json_line_gives_its_request() -> None:
    line = as_json(status="502", method="get", uri="/orders?x=1", upstream={"name": "canary"})
    request = read_line(line, BY_FIELD)
    assert request is not None
    assert (request.at, request.address, request.status) == (AT, Arm.CANARY, 502)
    assert (request.method, request.path) == ("GET", "/orders")


def test_every_other_value_is_the_baseline_unless_it_is_named() -> None:
    request = read_line(as_json(), BY_FIELD)
    assert request is not None
    assert request.address == Arm.BASELINE
    assert read_line(COMBINED.replace("10.0.0.7", "10.0.0.9"), BY_PATTERN) is None


@pytest.mark.parametrize(
    "time",
    [
        AT.timestamp(),
        AT.timestamp() * 1000,
        f"{AT.timestamp()}",
        "2025-11-22T14:02:01Z",
        "2025-11-22T15:02:01+01:00",
        "22/Nov/2025:14:02:01 +0000",
    ],
)
def test_json_times_are_read_in_the_usual_forms(time: object) -> None:
    request = read_line(as_json(time=time), BY_FIELD)
    assert request is not None
    assert request.at == AT


@pytest.mark.parametrize("status", ["-", 0, "000"])
def test_no_answer_from_the_version_has_no_status(status: object) -> None:
    request = read_line(as_json(status=status), BY_FIELD)
    assert request is not None
    assert request.status is None


def test_a_duration_comes_from_a_field_or_a_pattern_in_its_unit() -> None:
    by_pattern = LogForm(BY_PATTERN.arms, DurationRule(None, re.compile(r"rt=([\d.]+)")))
    request = read_line(COMBINED, by_pattern)
    assert request is not None
    assert request.seconds == pytest.approx(0.412)
    by_field = LogForm(BY_FIELD.arms, DurationRule("took.ms", None, 1e-3))
    request = read_line(as_json(took={"ms": 412}), by_field)
    assert request is not None
    assert request.seconds == pytest.approx(0.412)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hello", "nothing matches"),
        ("hello up=10.0.0.7:1", "neither JSON nor the common log form"),
        ('- - - [yesterday] "GET / HTTP/1.1" 200 0 up=10.0.0.7:1', "is not a time"),
        ('{"up=10.0.0.7:1', "not JSON"),
    ],
)
def test_lines_that_are_no_requests_say_why(line: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        read_line(line, BY_PATTERN)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"upstream": None}, "no field upstream.name"),
        ({"upstream": ["v1"]}, "no field upstream.name"),
        ({"time": None}, "no time: no field time or timestamp"),
        ({"time": "noon"}, '"noon" is no time'),
        ({"time": 1e300}, "is no time"),
        ({"status": None}, "no status: no field status"),
        ({"status": "fine"}, '"fine" is no status'),
        ({"status": [200]}, "is no status"),
    ],
)
def test_fields_that_are_missing_or_wrong_are_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        read_line(as_json(**changes), BY_FIELD)


@pytest.mark.parametrize("took", [None, "long", -1, "nan", "inf"])
def test_a_duration_that_cannot_be_used_is_refused(took: object) -> None:
    form = LogForm(BY_FIELD.arms, DurationRule("took", None))
    with pytest.raises(Unreadable, match="duration"):
        read_line(as_json(took=took), form)
