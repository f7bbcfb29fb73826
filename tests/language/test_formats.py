"""Numbers and times as readers write them."""

from datetime import UTC, datetime, timedelta

import pytest

from gonogo.language import formats
from gonogo.language.reader import Reader

NOWRUZ = datetime(2026, 3, 20, 20, 30, tzinfo=UTC)
TEHRAN = Reader.of("fa", "Asia/Tehran")


def test_the_first_minute_of_1405_in_tehran():
    assert formats.moment(NOWRUZ, TEHRAN) == "۱ فروردین ۱۴۰۵، ۰:۰۰"


def test_the_last_minute_of_a_leap_year_is_the_thirtieth_of_esfand():
    before = datetime(2025, 3, 20, 20, 29, tzinfo=UTC)
    assert formats.moment(before, TEHRAN) == "۳۰ اسفند ۱۴۰۳، ۲۳:۵۹"


def test_who_reads_persian_may_count_days_as_gregorian():
    reader = Reader.of("fa", "Asia/Tehran", calendar="gregorian")
    assert formats.moment(NOWRUZ, reader) == "۲۱ مارس ۲۰۲۶، ۰:۰۰"


def test_who_reads_persian_may_choose_latin_digits():
    reader = Reader.of("fa", "Asia/Tehran", digits="latin")
    assert formats.moment(NOWRUZ, reader) == "1 فروردین 1405، 0:00"
    assert formats.number(1234.5, reader, 1) == "1,234.5"


def test_whoever_reads_may_count_days_as_jalali():
    assert formats.date(NOWRUZ, Reader.of("en", "Asia/Tehran", "jalali")) == "1 Farvardin 1405"


def test_a_number_has_the_marks_of_its_language():
    assert formats.number(1234.5, Reader.of("en"), 1) == "1,234.5"
    assert formats.number(1234.5, Reader.of("fa"), 1) == "۱٬۲۳۴٫۵"
    assert formats.number(1234.5, Reader.of("ru"), 1) == "1\u00a0234,5"


def test_a_share_has_the_percent_sign_of_its_language():
    assert formats.share(0.0017, Reader.of("fa")) == "۰٫۱۷٪"
    assert formats.share(0.0017, Reader.of("ru")) == "0,17\u00a0%"


@pytest.mark.parametrize("typed", ["1,250.5", "۱٬۲۵۰٫۵", "١٬٢٥٠٫٥"])
def test_typed_digits_of_any_kind_are_understood(typed: str):
    assert formats.latin(typed) == "1,250.5"


def test_what_is_no_digit_stays_as_it_was_typed():
    assert formats.latin("v۱.۴.۲-آزمایشی") == "v1.4.2-آزمایشی"


def test_a_span_has_at_most_two_units():
    assert formats.span(timedelta(hours=2, minutes=5, seconds=9), Reader.of("en")) == "2 h 5 min"


def test_a_span_has_no_unit_of_which_there_is_none():
    assert formats.span(timedelta(days=3, minutes=5), Reader.of("en")) == "3 d"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=4.2), "۴٫۲ ثانیه"),
        (timedelta(seconds=59.8), "۱ دقیقه"),
        (timedelta(seconds=200), "۳ دقیقه و ۲۰ ثانیه"),
        (timedelta(hours=2, minutes=5), "۲ ساعت و ۵ دقیقه"),
        (timedelta(days=3), "۳ روز"),
    ],
)
def test_a_span_in_persian_is_said_in_its_units(length: timedelta, said: str):
    assert formats.span(length, Reader.of("fa")) == said


def test_an_unknown_zone_is_read_as_utc():
    assert Reader.of("en", "Mars/Olympus").zone == "UTC"
    assert Reader.of("en", "../etc/passwd").zone == "UTC"


def test_a_russian_date_has_its_month_in_the_genitive():
    assert formats.date(NOWRUZ, Reader.of("ru", "Europe/Moscow")) == "20 марта 2026"


def test_a_russian_span_has_russian_units():
    russian = Reader.of("ru")
    assert formats.span(timedelta(seconds=4.2), russian) == "4,2 с"
    assert formats.span(timedelta(minutes=3, seconds=20), russian) == "3 мин 20 с"
    assert formats.span(timedelta(days=3, hours=1), russian) == "3 д 1 ч"
