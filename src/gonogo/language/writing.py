"""How numbers, moments, lists and names of the domain inside a recorded sentence are written anew."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from gonogo.language import formats
from gonogo.language.catalogue import words
from gonogo.language.marks import counted, form
from gonogo.language.matching import NUMBER
from gonogo.language.reader import Language, Reader

_UNITS = {
    "ms": form("{number} ms"),
    "s": form("{number} s"),
    "min": form("{number} min"),
    "m": form("{number} min"),
    "h": form("{number} h"),
    "d": form("{number} d"),
}
_COUNTED = {
    "second": counted("{count} second", "{count} seconds"),
    "minute": counted("{count} minute", "{count} minutes"),
    "hour": counted("{count} hour", "{count} hours"),
    "day": counted("{count} day", "{count} days"),
}
_MINUS = ("-", "−")
_PART = re.compile(rf"(?P<amount>{NUMBER})(?: ?(?P<unit>[^\s0-9]\S*))?")
_MEASURE = re.compile(rf"{NUMBER}(?: [^\s0-9]\S{{0,23}})?")
_SECONDS = re.compile(r"([0-9]{1,9}) ?s")
_MORE = re.compile(r"(?P<names>.+) and (?P<more>[0-9]+) more", re.DOTALL)
_SLOT = re.compile(rf"slot (?P<name>\S+) (?P<share>{NUMBER} ?%)")
_OF = re.compile(r"(?P<role>[^()]+) \((?P<have>[0-9]+) of (?P<needed>[0-9]+)\)")


def amount(text: str, reader: Reader) -> str:
    """A number as it was written, with the marks and digits of the reader's language."""
    if text.count(".") > 1:
        return text  # a version, whose digits stay as they are
    if reader.language is Language.RUSSIAN:
        text = text.replace(",", "\u00a0").replace(".", ",")
    if reader.direction == "rtl" and text[:1] in _MINUS:
        # On its own a minus would stand on the other side of its number.
        text = f"\u2066{text}\u2069"
    return formats.digits(text, reader)


def apart(text: str, reader: Reader) -> str:
    """A name, version or foreign word: in right-to-left text its direction stays its own."""
    return f"\u2068{text}\u2069" if reader.direction == "rtl" else text


def whole(text: str) -> int:
    """The number that decides a plural. What is no whole number is counted as two are."""
    value = float(text.replace(",", "").replace("−", "-"))
    return int(value) if value == int(value) else 2


def quantity(text: str, reader: Reader) -> str:
    """A number with its unit, or two of them: "14.8 %", "3 min 20 s", "7 days"."""
    if text.startswith("under "):
        rest = quantity(text.removeprefix("under "), reader)
        return words(reader.language).t("under {number}", number=rest)
    first, *more = (_with_unit(part, reader) for part in _PART.finditer(text))
    return formats.joined(first, " ".join(more), reader) if more else first


def length(text: str, reader: Reader) -> str:
    """A length of time; whole minutes and hours that were written down in seconds are said as such."""
    found = _SECONDS.fullmatch(text)
    if found is not None:
        seconds = int(found[1])
        for unit, size in (("h", 3600), ("min", 60)):
            if seconds and seconds % size == 0:
                return quantity(f"{seconds // size} {unit}", reader)
    return quantity(text, reader)


def measured(text: str, reader: Reader) -> str:
    """A number with any unit, or else what was written."""
    return quantity(text, reader) if _MEASURE.fullmatch(text) else apart(text, reader)


def _with_unit(part: re.Match[str], reader: Reader) -> str:
    spoken_here = words(reader.language)
    number, unit = amount(part["amount"], reader), part["unit"]
    if unit is None:
        return number
    if unit == "%":
        return number + formats.percent(reader)
    if unit in _UNITS:
        return spoken_here.t(_UNITS[unit], number=number)
    if unit.removesuffix("s") in _COUNTED:
        return spoken_here.n(*_COUNTED[unit.removesuffix("s")], whole(part["amount"]), count=number)
    return f"{number} {unit}"


def moment(text: str, reader: Reader) -> str:
    """A moment in UTC, in the reader's calendar and zone; as it was written where it is none."""
    try:
        at = datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)
        return formats.moment(at, reader)
    except (ValueError, OverflowError):
        return text


def day(text: str, reader: Reader) -> str:
    """A day as it was counted in UTC, in the reader's calendar; as it was written where it is none."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return formats.date(at, replace(reader, zone="UTC"))
    except (ValueError, OverflowError):
        return text


def clock(text: str, reader: Reader) -> str:
    """A time of day in UTC, which stays UTC: its day is not told, so the reader's zone is not known."""
    return apart(formats.digits(text, reader), reader)


def shares(text: str, reader: Reader) -> str:
    """Slots after commas, each with its share of customers."""
    told = []
    for each in text.split(", "):
        found = _SLOT.fullmatch(each)
        if found is None:
            told.append(apart(each, reader))
            continue
        share = quantity(found["share"], reader)
        slot = words(reader.language).t(
            "slot {name} {share}", name=apart(found["name"], reader), share=share
        )
        told.append(slot)
    return words(reader.language).t(", ").join(told)


def names(text: str, reader: Reader) -> str:
    """Names after commas, and how many more there are."""
    spoken_here = words(reader.language)
    found = _MORE.fullmatch(text)
    told = spoken_here.t(", ").join(
        apart(each, reader) for each in (found["names"] if found else text).split(", ")
    )
    if found is None:
        return told
    more = amount(found["more"], reader)
    return spoken_here.t("{names} and {n_more} more", names=told, n_more=more)


def roles(text: str, reader: Reader) -> str:
    """Roles after commas, each with how many of it there are where that is said."""
    told = []
    for each in text.split(", "):
        found = _OF.fullmatch(each)
        role = found["role"] if found else each
        name = spoken("role", role, reader) or role
        if found is not None:
            name = words(reader.language).t(
                "{role} ({n_have} of {n_needed})",
                role=name,
                n_have=amount(found["have"], reader),
                n_needed=amount(found["needed"], reader),
            )
        told.append(name)
    return words(reader.language).t(", ").join(told)


def spoken(context: str, name: str, reader: Reader) -> str | None:
    """A name of the domain in the reader's language; None for one that the domain does not have."""
    return words(reader.language).p(context, name) if name in _named(context) else None


@cache
def _named(context: str) -> frozenset[str]:
    from gonogo.language import named

    tables = (
        named.ROLES,
        named.DEEDS,
        named.GATES,
        named.REPORTS,
        named.SEVERITIES,
        named.STAGES,
        named.REHEARSED,
    )
    return frozenset(name for table in tables for kind, name in table if kind == context)
