"""Times as people write them."""

from datetime import timedelta

import pytest
from tests.plans import START  # 2026-03-01 12:00 UTC

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.papers.moments import end_of, moment_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("16:00 UTC", "2026-03-01T16:00:00+00:00"),
        ("16:00Z", "2026-03-01T16:00:00+00:00"),
        ("9:30 UTC", "2026-03-02T09:30:00+00:00"),
        ("12:00 UTC", "2026-03-01T12:00:00+00:00"),
        ("16:00 Europe/Berlin", "2026-03-01T15:00:00+00:00"),
        ("2026-03-01T16:00Z", "2026-03-01T16:00:00+00:00"),
        ("2026-03-01T16:00+02:00", "2026-03-01T14:00:00+00:00"),
        ("2026-07-01 16:00 Europe/Berlin", "2026-07-01T14:00:00+00:00"),
    ],
)
def test_a_time_with_its_zone_is_read(text: str, said: str) -> None:
    assert moment_of(text, START).isoformat() == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("16:00", "has no time zone"),
        ("2026-03-01T16:00", "has no time zone"),
        ("25:00 UTC", "is not a time of day"),
        ("16:00 Mars/Base", 'names the unknown time zone "Mars/Base"'),
        ("16:00 ../../etc", "is not a time"),
        ("tomorrow", "is not a time"),
        ("", "is not a time"),
        ("2026-03-01T16:00Z UTC", "names two time zones"),
        ("0001-01-01T00:00+14:00", "is too far away"),
        ("x" * 101, "at most 100 characters"),
    ],
)
def test_a_time_that_could_be_misread_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        moment_of(text, START)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0s", "the waiver ends at 2026-03-01 12:00 UTC, which has passed"),
        ("2026-02-01T00:00Z", "which has passed"),
        ("91d", "the waiver ends in 91 days, the limit is 90 days"),
        ("14", "has no unit"),
    ],
)
def test_an_end_lies_in_the_future_and_not_too_far(text: str, said: str) -> None:
    assert end_of("90d", START, "the waiver", timedelta(days=90)) == START + timedelta(days=90)
    with pytest.raises(InvalidInput, match=said):
        end_of(text, START, "the waiver", timedelta(days=90))
