"""What people write as durations, percentages, sizes, counts and rules, and back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gonogo.domain.traffic import BadStatus, Endpoint, SlowerThan
from gonogo.spec import rules, units
from gonogo.spec.units import Unfit


@given(some.timedeltas(min_value=timedelta(0), max_value=units.LONGEST))
def test_a_written_duration_reads_back_the_same(duration: timedelta) -> None:
    assert units.parse_duration(units.format_duration(duration)) == duration


@given(some.floats(min_value=1e-9, max_value=1, exclude_max=True))
def test_a_written_share_reads_back_the_same(share: float) -> None:
    assert units.parse_share(units.format_share(share)) == share


_RANGES = some.tuples(some.integers(100, 599), some.integers(100, 599)).map(
    lambda pair: (min(pair), max(pair))
)
_BAD = some.one_of(
    some.lists(_RANGES, min_size=1, max_size=4).map(lambda ranges: BadStatus(tuple(ranges))),
    some.timedeltas(timedelta(microseconds=1), timedelta(days=1)).map(SlowerThan),
)


@given(_BAD)
def test_a_written_rule_of_badness_reads_back_the_same(bad: BadStatus | SlowerThan) -> None:
    assert rules.parse_bad([rules.format_bad(bad)]) == bad


@given(
    some.sampled_from([None, *rules.METHODS]),
    some.sampled_from([None, "/", "/api/*/x", "/api/**"]),
)
def test_a_written_endpoint_reads_back_the_same(method: str | None, path: str | None) -> None:
    endpoint = Endpoint(method, path)
    assert rules.parse_endpoint(rules.format_endpoint(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("500ms", 0.5),
        ("90s", 90),
        ("30 m", 1800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2d", 172800),
    ],
)
def test_durations_are_written_as_people_write_them(text: str, seconds: float) -> None:
    assert units.parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "5",
        "-5m",
        "5m5m",
        "30m1h",
        "5 minutes",
        "1e3s",
        "0.0001ms",
        "366d",
        "9" * 5000 + "s",
        "٣٠m",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Unfit):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("word", "guess"),
    [("30 minutes", "30m"), ("10 sec", "10s"), ("2 hours", "2h"), ("1 Day", "1d"), ("30M", "30m")],
)
def test_a_unit_in_words_is_answered_with_the_unit_meant(word: str, guess: str) -> None:
    with pytest.raises(Unfit, match=f"did you mean {guess}"):
        units.parse_duration(word)


@pytest.mark.parametrize(
    ("text", "size"), [("128MB", 128_000_000), ("1.5 kb", 1500), ("2GiB", 2 * 1024**3), ("0B", 0)]
)
def test_sizes_are_written_as_people_write_them(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["128", "128 lines", "0.5B", "MB", "-1MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Unfit):
        units.parse_size(text)


@pytest.mark.parametrize(
    "text", ["0%", "100%", "100.1%", "5", "0.05", "%", "-5%", "5 %%", "0." + "0" * 70 + "1%"]
)
def test_what_is_no_share_between_nothing_and_all_is_refused(text: str) -> None:
    with pytest.raises(Unfit):
        units.parse_share(text)
