"""Numbers, times and foreign text as a reader sees them."""

from datetime import datetime, timedelta, timezone

import pytest

from gonogo.web import wording


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (14.23, "14.2"),
        (0.00231, "0.00231"),
        (1150.4, "1,150"),
        (100.0, "100"),
        (-1.5, "−1.5"),
        (1e-9, "1.0e−09"),
        (float("inf"), "∞"),
        (2.0, "2"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, told: str) -> None:
    assert wording.number(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "not recorded"),
        (0.0, "0 s"),
        (0.0004, "under 0.001 s"),
        (0.052, "0.052 s"),
        (0.05, "0.05 s"),
        (0.4, "0.40 s"),
        (4.21, "4.2 s"),
        (59.4, "59 s"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_times_have_as_many_digits_as_help(value: float | None, told: str) -> None:
    assert wording.seconds(value) == told


def test_every_time_is_shown_in_utc_with_the_whole_instant_behind_it() -> None:
    at = datetime(2025, 11, 22, 17, 3, 22, 104_250, tzinfo=timezone(timedelta(hours=3)))
    assert wording.clock_exact(at) == "14:03:22.104"
    assert 'title="2025-11-22T14:03:22.104250Z"' in wording.moment(at)


def test_characters_that_act_are_made_visible_and_writing_is_left_alone() -> None:
    assert wording.plain("a\u202eb\u0007") == "a⟨U+202E⟩b⟨U+0007⟩"
    assert wording.plain("نسخه\u200cها 🎉\n\tя") == "نسخه\u200cها 🎉\n\tя"


def test_long_text_is_cut_and_says_how_long_it_was() -> None:
    assert wording.plain("x" * 5000).endswith("… (5,000 characters in all)")
    told = wording.tail("a" * 6000 + "<end>")
    assert told.startswith("… 2,005 characters before this")
    assert told.endswith("&lt;end&gt;")
