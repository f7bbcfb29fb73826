"""Numbers and times as readers write them."""

from datetime import UTC, datetime, timedelta

from gonogo.language import formats
from gonogo.language.reader import Reader

NOWRUZ = datetime(2026, 3, 20, 20, 30, tzinfo=UTC)


def test_the_first_minute_of_1405_in_tehran():
    assert formats.moment(NOWRUZ, Reader.of("fa", "Asia/Tehran")) == "۱ فروردین ۱۴۰۵، ۰:۰۰"


def test_a_number_has_the_marks_of_its_language():
    assert formats.number(1234.5, Reader.of("en"), 1) == "1,234.5"
    assert formats.number(1234.5, Reader.of("fa"), 1) == "۱٬۲۳۴٫۵"
    assert formats.number(1234.5, Reader.of("ru"), 1) == "1\u00a0234,5"


def test_typed_digits_of_any_kind_are_understood():
    assert formats.latin("۱۲٫۵") == "12.5"


def test_a_span_has_at_most_two_units():
    assert formats.span(timedelta(hours=2, minutes=5, seconds=9), Reader.of("en")) == "2 h 5 min"


def test_an_unknown_zone_is_read_as_utc():
    assert Reader.of("en", "Mars/Olympus").zone == "UTC"
    assert Reader.of("en", "../etc/passwd").zone == "UTC"
