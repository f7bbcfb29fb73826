from datetime import UTC, datetime, timedelta

from gonogo.adapters.system_clock import SystemClock


def test_it_is_now_and_in_utc():
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)
