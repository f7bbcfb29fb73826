"""Times as people write them: with a time zone, or as a span from now."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.services.specs import duration_of

_CLOCK = re.compile(r"^(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})$")
_ZONED = re.compile(r"^(?P<time>\S+(?: [0-9:.]+)?) +(?P<zone>[A-Za-z][A-Za-z0-9_+/-]{1,60})$")
SHOWN = "16:00 UTC, 2026-03-01T16:00Z, 2026-03-01T16:00+02:00 or 2026-03-01 16:00 Europe/Berlin"


def moment_of(text: str, now: datetime) -> datetime:
    """The instant that this text names, in UTC. A time of day alone is the next one.

    Raises InvalidInput for a time that cannot be read, or that names no zone.
    """
    text = re.sub(r"^([0-9]{1,2}:[0-9]{2}) ?[zZ]$", r"\1 UTC", " ".join(text.split()))
    if len(text) > 100:
        raise InvalidInput(f"a time has at most 100 characters, not {len(text)}; as in {SHOWN}")
    zoned = _ZONED.match(text)
    zone = _zone(zoned["zone"], text) if zoned else None
    written = zoned["time"] if zoned else text
    clock = _CLOCK.match(written)
    if clock is not None:
        if zone is None:
            raise InvalidInput(f'"{text}" has no time zone; write it as in {SHOWN}')
        return _next(clock, zone, now, text)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise InvalidInput(f'"{text}" is not a time; write it as in {SHOWN}') from None
    if zone is not None and found.tzinfo is not None:
        raise InvalidInput(f'"{text}" names two time zones; leave one out')
    if zone is not None:
        found = found.replace(tzinfo=zone)
    if found.tzinfo is None:
        raise InvalidInput(f'"{text}" has no time zone; write it as in {SHOWN}')
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f'"{text}" is too far away') from None


def end_of(text: str, now: datetime, what: str, longest: timedelta) -> datetime:
    """A time in the future: a span from now (`14d`) or an instant as `moment_of` reads it.

    `what` is what ends then, for people. Raises InvalidInput for what is neither, has passed, or is
    further away than `longest`.
    """
    if re.fullmatch(r"[0-9][0-9.smhd ]*", text.strip()):
        end = now + duration_of(text)
    else:
        end = moment_of(text, now)
    if end <= now:
        raise InvalidInput(f"{what} ends at {end:%Y-%m-%d %H:%M} UTC, which has passed")
    if end - now > longest:
        raise InvalidInput(
            f"{what} ends in {(end - now).days} days, the limit is {longest.days} days"
        )
    return end


def _zone(name: str, text: str) -> tzinfo:
    if name in {"UTC", "GMT", "Z"}:
        return UTC  # also where a machine has no zone data
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        # A name that is a path or a folder of the zone data raises others than for an unknown one.
        raise InvalidInput(
            f'"{text}" names the unknown time zone "{name}"; write it as in {SHOWN}'
        ) from None


def _next(clock: re.Match[str], zone: tzinfo, now: datetime, text: str) -> datetime:
    hour, minute = int(clock["hour"]), int(clock["minute"])
    if hour > 23 or minute > 59:
        raise InvalidInput(f'"{text}" is not a time of day; 00:00 to 23:59')
    here = now.astimezone(zone)
    found = datetime.combine(here.date(), time(hour, minute), zone)
    if found.astimezone(UTC) < now.replace(second=0, microsecond=0):
        found = datetime.combine(here.date() + timedelta(days=1), time(hour, minute), zone)
    return found.astimezone(UTC)
