"""Numbers, shares, times and spans as a reader writes them.

Everything is plain text; what a page makes of it (direction, `<time>`) is the page's business.
Persian digits are U+06F0 to U+06F9 with ٫ and ٬; a test vector: 2026-03-20T20:30Z in Tehran is
۱ فروردین ۱۴۰۵، ۰:۰۰.
"""

import math
from datetime import datetime, timedelta

from gonogo.language.catalogue import words
from gonogo.language.marks import form
from gonogo.language.reader import Calendar, Digits, Language, Reader

_PERSIAN = str.maketrans("0123456789.,", "۰۱۲۳۴۵۶۷۸۹٫٬")
_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
_SECONDS, _MINUTES = form("{number} s"), form("{number} min")
_HOURS, _DAYS = form("{number} h"), form("{number} d")
_JALALI_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_LATIN_MONTHS = (
    "Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar",
    "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand",
)  # fmt: skip


def digits(text: str, reader: Reader) -> str:
    """Text made of a number, in the reader's digits."""
    return text.translate(_PERSIAN) if reader.digits is Digits.PERSIAN else text


def latin(text: str) -> str:
    """What a person typed, with ASCII digits and marks, whether they typed Persian, Arabic or ASCII ones."""
    return text.translate(_LATIN)


def number(value: float, reader: Reader, places: int | None = None) -> str:
    """Three significant digits (or `places` decimals), grouped as the language does."""
    if not math.isfinite(value):
        return "∞" if value > 0 else ("−∞" if value < 0 else "?")
    if places is None:
        size = abs(value)
        places = 0 if size >= 100 or size == 0 else max(0, 2 - math.floor(math.log10(size)))
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = text.replace("-", "−")
    if reader.language is Language.RUSSIAN:
        return text.replace(",", "\u00a0").replace(".", ",")
    return digits(text, reader)


def count(value: int, reader: Reader) -> str:
    """A whole number, grouped."""
    return number(value, reader, 0)


def share(value: float, reader: Reader) -> str:
    """A share between 0 and 1 as a percentage."""
    return number(value * 100, reader) + percent(reader)


def percent(reader: Reader) -> str:
    """The sign after a percentage, with the space that the language puts before it."""
    persian = reader.language is Language.PERSIAN or reader.digits is Digits.PERSIAN
    return "٪" if persian else "\u00a0%"


def date(at: datetime, reader: Reader) -> str:
    """The day in the reader's zone and calendar: `22 Nov 2026`, `1 آذر 1405`."""
    here = at.astimezone(reader.tzinfo)
    if reader.calendar is Calendar.JALALI:
        from persiantools.jdatetime import JalaliDate

        day = JalaliDate(here.date())
        months = _JALALI_MONTHS if reader.language is Language.PERSIAN else _LATIN_MONTHS
        return digits(f"{day.day} {months[day.month - 1]} {day.year}", reader)
    from babel.dates import format_date

    # Russian months are written out, in the genitive: most of their short forms are seldom seen.
    pattern = "d MMMM y" if reader.language is Language.RUSSIAN else "d MMM y"

    return digits(
        format_date(here.date(), pattern, locale=reader.language.value).translate(_LATIN), reader
    )


def clock(at: datetime, reader: Reader, *, with_seconds: bool = True) -> str:
    """The time of day in the reader's zone: `14:03:22`."""
    here = at.astimezone(reader.tzinfo)
    second = f":{here.second:02}" if with_seconds else ""
    return digits(f"{here.hour}:{here.minute:02}{second}", reader)


def moment(at: datetime, reader: Reader) -> str:
    """Day and time of day to the minute: `22 Nov 2026, 14:03`."""
    comma = "،" if reader.language is Language.PERSIAN else ","
    return f"{date(at, reader)}{comma} {clock(at, reader, with_seconds=False)}"


def span(value: timedelta, reader: Reader) -> str:
    """How long, in one or two units: `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d`."""
    t = words(reader.language).t
    seconds = value.total_seconds()
    whole = round(seconds)
    if whole < 60:
        return t(_SECONDS, number=number(seconds, reader, 0 if seconds >= 10 else 1))
    if whole < 3600:
        first, second = (_MINUTES, whole // 60), (_SECONDS, whole % 60)
    elif whole < 86400:
        first, second = (_HOURS, whole // 3600), (_MINUTES, whole % 3600 // 60)
    else:
        first, second = (_DAYS, whole // 86400), (_HOURS, whole % 86400 // 3600)
    larger, smaller = (t(unit, number=count(size, reader)) for unit, size in (first, second))
    return joined(larger, smaller, reader) if second[1] else larger


def joined(larger: str, smaller: str, reader: Reader) -> str:
    """Two units of one span, as the language puts them together."""
    return f"{larger} و {smaller}" if reader.language is Language.PERSIAN else f"{larger} {smaller}"
