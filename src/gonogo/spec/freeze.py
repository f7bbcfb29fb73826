"""Freeze windows as people write them: `2026-12-20 to 2027-01-03`, `fri 16:00 to mon 08:00 Europe/Berlin`.

Without a time zone both are in UTC. A day without a time counts whole, the last one too. Parsers raise
`Unfit` as those of `units` do.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from gonogo.domain.gate_rules import FreezeDates, FreezeHours
from gonogo.spec.units import Unfit
from gonogo.spec.wording import did_you_mean, listed, quoted

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = tuple(day[:3] for day in _DAYS)
_ZONE = r"(?:\s+(?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?"
_MOMENT = (
    r"(?P<{0}_day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[ T](?P<{0}_time>[0-9]{{1,2}}:[0-9]{{2}}))?"
)
_DATES = re.compile(rf"^{_MOMENT.format('start')}(?:\s+to\s+{_MOMENT.format('end')})?{_ZONE}$")
_HOURS = re.compile(
    r"^(?P<start_day>[A-Za-z]+)\s+(?P<start_time>[0-9]{1,2}:[0-9]{2})"
    rf"\s+to\s+(?P<end_day>[A-Za-z]+)\s+(?P<end_time>[0-9]{{1,2}}:[0-9]{{2}}){_ZONE}$"
)


def parse_dates(text: str) -> FreezeDates:
    """`2026-12-24`, `2026-12-20 to 2027-01-03`, `2026-12-20 18:00 to 2027-01-03 08:00 Europe/Berlin`."""
    match = _DATES.match(text) if len(text) <= 120 else None
    if match is None:
        raise Unfit(
            f"{quoted(text)} does not say from when to when; write it as in 2026-12-20 to 2027-01-03 "
            "or 2026-12-20 18:00 to 2027-01-03 08:00 Europe/Berlin"
        )
    zone = _zone(match["zone"])
    if match["start_time"] and not match["end_day"]:
        raise Unfit(
            f"{quoted(text)} says when it starts but not when it ends; "
            f"write it as in {match['start_day']} {match['start_time']} to {match['start_day']} 23:59"
        )
    try:
        start = _moment(match["start_day"], match["start_time"], zone)
        end = _moment(match["end_day"] or match["start_day"], match["end_time"], zone, last=True)
    except OverflowError:
        raise Unfit(f"{quoted(text)} is out of range") from None
    if end <= start:
        raise Unfit(f"{quoted(text)} ends before it starts")
    return FreezeDates(start, end)


def parse_hours(text: str) -> FreezeHours:
    """`fri 16:00 to mon 08:00 Europe/Berlin`."""
    match = _HOURS.match(text) if len(text) <= 120 else None
    if match is None:
        raise Unfit(
            f"{quoted(text)} does not say from when to when in a week; "
            "write it as in fri 16:00 to mon 08:00 Europe/Berlin"
        )
    start = _weekday(match["start_day"]), _time(match["start_time"])
    end = _weekday(match["end_day"]), _time(match["end_time"])
    if start == end:
        raise Unfit(f"{quoted(text)} starts when it ends")
    return FreezeHours(*start, *end, _zone(match["zone"]))


def _moment(day: str, hour: str | None, zone: str, *, last: bool = False) -> datetime:
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise Unfit(f"{quoted(day)} is not a day of the calendar") from None
    if hour is None and last:
        when += timedelta(days=1)
    at = time() if hour is None else _time(hour)
    return datetime.combine(when, at, ZoneInfo(zone)).astimezone(UTC)


def _weekday(word: str) -> int:
    for names in (_DAYS, _SHORT):
        if word.lower() in names:
            return names.index(word.lower())
    guess = did_you_mean(word, _DAYS)
    raise Unfit(f"unknown day {quoted(word)}; allowed: {listed(_SHORT)}{guess}")


def _time(text: str) -> time:
    hour, _, minute = text.partition(":")
    if int(hour) > 23 or int(minute) > 59:
        raise Unfit(f"{quoted(text)} is not a time of day; allowed: 00:00 to 23:59")
    return time(int(hour), int(minute))


def _zone(name: str | None) -> str:
    if name is None or name.upper() == "UTC":
        return "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, no such file, a folder of zones
        near = did_you_mean(name, available_timezones())
        raise Unfit(
            f"unknown time zone {quoted(name)}; "
            f"write it as in Europe/Berlin, or leave it out for UTC{near}"
        ) from None
    return name
