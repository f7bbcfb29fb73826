"""Which requests a KPI counts, and which of them are bad."""

from datetime import timedelta

import pytest
from tests.plans import START

from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Kpi, Request, SlowerThan


def request(status: int | None = 200, seconds: float = 0.1, path: str = "/orders") -> Request:
    return Request(START, "127.0.0.1:1", status, seconds, "GET", path, "127.0.0.9")


ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.05)
SLOW = Kpi("slow", SlowerThan(timedelta(milliseconds=200)), limit=0.05)


@pytest.mark.parametrize(("status", "bad"), [(200, 0), (404, 0), (499, 0), (500, 1), (599, 1)])
def test_a_status_in_the_range_is_bad(status: int, bad: int) -> None:
    assert ERRORS.count(request(status)) == Counts(bad, 1)


@pytest.mark.parametrize(("seconds", "bad"), [(0.1, 0), (0.2, 0), (0.2001, 1)])
def test_only_what_is_slower_than_the_limit_is_slow(seconds: float, bad: int) -> None:
    assert SLOW.count(request(seconds=seconds)) == Counts(bad, 1)


@pytest.mark.parametrize("kpi", [ERRORS, SLOW])
def test_no_answer_from_the_version_is_bad_in_every_kpi(kpi: Kpi) -> None:
    assert kpi.count(request(status=None, seconds=0)) == Counts(1, 1)


@pytest.mark.parametrize(
    ("pattern", "path", "belongs"),
    [
        ("/orders", "/orders", True),
        ("/orders", "/orders/7", False),
        ("/orders/*", "/orders/7", True),
        ("/orders/*", "/orders/7/items", False),
        ("/orders/**", "/orders/7/items", True),
        ("/a.b", "/aXb", False),
    ],
)
def test_a_path_with_stars_names_its_endpoints(pattern: str, path: str, belongs: bool) -> None:
    assert Endpoint("GET", pattern).matches("GET", path) is belongs
    assert not Endpoint("POST", pattern).matches("GET", path)


def test_requests_of_another_endpoint_are_not_counted() -> None:
    kpi = Kpi("orders", BadStatus(((500, 599),)), Endpoint("POST", "/orders"), limit=0.05)
    assert kpi.count(request(500)) is None


@pytest.mark.parametrize(("bad", "total"), [(-1, 0), (2, 1), (0, -1)])
def test_impossible_counts_are_refused(bad: int, total: int) -> None:
    with pytest.raises(ValueError, match="0 ≤ bad ≤ total"):
        Counts(bad, total)


@pytest.mark.parametrize(("limit", "ratio"), [(None, None), (0.0, None), (1.0, None), (None, 0.9)])
def test_a_kpi_that_could_not_judge_is_refused(limit: float | None, ratio: float | None) -> None:
    with pytest.raises(ValueError, match='KPI "errors"'):
        Kpi("errors", BadStatus(((500, 599),)), limit=limit, ratio=ratio)
