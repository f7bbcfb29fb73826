"""Locust and k6: counts and times, and nothing that the report does not say."""

import json
from datetime import UTC, datetime

import pytest
from tests.evidence.reading import content, document, evidence, facts, read, refusal

from gonogo.domain.facts import LoadFacts

STATS = "locust/failures_stats.csv"
HISTORY = "locust/failures_stats_history.csv"
JSON = "locust/failures.json"


def test_locusts_statistics_give_the_row_of_all_requests():
    found = facts(STATS)
    assert (found.tool, found.requests, found.failures) == ("locust", 140, 10)
    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (8, 15, 17)
    assert found.seconds == pytest.approx(2.97, abs=0.01)


def test_locusts_statistics_say_neither_how_many_users_there_were_nor_when():
    (found,) = evidence(STATS)
    assert found.facts.concurrency is None
    assert found.at is None


def test_locusts_history_gives_the_most_users_at_once_and_the_last_counts():
    (found,) = evidence(HISTORY)
    assert found.facts == LoadFacts("locust", 140, 10, 3.0, 8, None, None, 5)
    assert found.at == datetime(2026, 11, 22, 3, 54, 21, tzinfo=UTC)


def test_a_full_history_with_rows_of_single_requests_is_counted_once():
    found = facts("locust/clean_stats_history.csv")
    assert (found.requests, found.failures, found.concurrency) == (57, 0, 3)


def test_locusts_json_adds_up_requests_and_takes_percentiles_of_all_of_them():
    (found,) = evidence(JSON)
    assert (found.facts.requests, found.facts.failures) == (160, 10)
    assert (found.facts.p50_ms, found.facts.p95_ms, found.facts.p99_ms) == (8, 13, 17)
    assert found.facts.concurrency is None
    assert found.at == datetime(2026, 11, 22, 3, 54, 22, 1415, tzinfo=UTC)


def test_a_locust_run_without_failures_has_none():
    for path in ("locust/clean_stats.csv", "locust/clean.json"):
        assert facts(path).failures == 0


def test_locusts_statistics_cut_off_before_their_last_row_are_refused():
    lines = content(STATS).splitlines(keepends=True)
    assert "0 rows Aggregated" in refusal(b"".join(lines[:-1]), "stats.csv")


def test_a_row_of_locust_with_fields_missing_is_refused():
    broken = content(STATS).replace(b",Aggregated,140", b",Aggregated")
    assert "line 4 has 21 fields" in refusal(broken, "stats.csv")


@pytest.mark.parametrize("value", [b"N/A", b"-1", b"1.5", b"nan", b"1e99", b""])
def test_a_count_of_locust_that_is_none_is_refused(value):
    broken = content(STATS).replace(b",Aggregated,140", b",Aggregated," + value)
    assert "line 4 has " in refusal(broken, "stats.csv")


def test_locusts_histories_of_two_runs_in_one_file_are_refused():
    rows = content(HISTORY).splitlines(keepends=True)
    assert "more than one run" in refusal(b"".join([*rows, *rows[1:]]), "history.csv")


def test_a_load_test_without_requests_is_refused():
    header = content(HISTORY).splitlines(keepends=True)[:2]
    assert "no request" in refusal(b"".join(header), "history.csv")


def test_a_histogram_that_lacks_requests_is_refused():
    log = document(JSON)
    log[0]["response_times"].pop("6")
    assert "[0] has times of 47 requests, but 74 were timed" in refusal(log)


def test_k6s_export_is_read():
    assert facts("k6/export.json") == LoadFacts("k6", 1800, 9, 30.0, 11.8, 21.4, None, 20)


def test_k6s_data_of_handle_summary_is_read():
    found = facts("k6/handle-summary.json")
    assert found == LoadFacts("k6", 1800, 0, 30.0125, 11.8, 21.4, 40.5, 10)


def test_k6_that_does_not_say_how_many_requests_failed_is_refused():
    log = document("k6/export.json")
    del log["metrics"]["http_req_failed"]
    assert "metrics has no http_req_failed" in refusal(log)


def test_what_k6_does_not_say_is_none():
    log = document("k6/export.json")
    del log["metrics"]["vus"]
    del log["metrics"]["http_reqs"]["rate"]
    (found,) = read(json.dumps(log).encode(), "k6.json")
    assert (found.facts.concurrency, found.facts.seconds) == (None, None)


def test_more_failures_than_requests_are_refused():
    log = document("k6/export.json")
    log["metrics"]["http_req_failed"]["passes"] = 1801
    assert "more failures (1801) than requests (1800)" in refusal(log)
