"""Requests from access logs in the common, combined and JSON forms, told apart into arms by a rule.

Nothing is guessed: a line without a time, a status, an arm or, where one is needed, a duration is
refused with the reason, and whoever reads counts such lines. A line of neither arm is no error.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from gonogo.domain.traffic import Arm, Request

TIME_FIELDS = ("time", "timestamp", "@timestamp", "ts", "time_iso8601", "msec", "date")
STATUS_FIELDS = ("status", "status_code", "response_code", "code")
METHOD_FIELDS = ("method", "request_method", "http_method")
PATH_FIELDS = ("path", "uri", "request_uri", "url", "request")
CLIENT_FIELDS = ("client", "remote_addr", "client_ip")

_COMMON = re.compile(
    r'^(?P<client>\S+) \S+ .*?\[(?P<at>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}|-) '
)
_COMMON_TIME = "%d/%b/%Y:%H:%M:%S %z"
_LATEST_SECONDS = 32503680000.0  # the year 3000; larger numbers are milliseconds
_SHOWN = 60


class Unreadable(ValueError):
    """A line that cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class ArmRule:
    """Where a line says which version answered, and which of its values is which arm.

    `field` is a JSON field (dots go inside); `pattern` is searched for in the whole line, and its
    first group, or all of it, is the value. `canary` and `baseline` are shell patterns for the value.
    """

    field: str | None
    pattern: re.Pattern[str] | None
    canary: str
    baseline: str = "*"

    def arm(self, line: str, fields: Mapping[str, Any] | None) -> Arm | None:
        """The arm, None for a value of neither. Raises Unreadable when the line has no such value."""
        value = self._value(line, fields)
        if fnmatchcase(value, self.canary):
            return Arm.CANARY
        return Arm.BASELINE if fnmatchcase(value, self.baseline) else None

    def _value(self, line: str, fields: Mapping[str, Any] | None) -> str:
        if self.pattern is not None:
            match = self.pattern.search(line)
            if match is None:
                raise Unreadable(f"nothing matches {self.pattern.pattern}")
            return match.group(1 if self.pattern.groups else 0) or ""
        if fields is None:
            raise Unreadable("it is not JSON and has no fields; tell the arms apart by a pattern")
        value = field_of(fields, self.field or "")
        if value is None or value == "":
            raise Unreadable(f"no field {self.field}")
        return str(value)


@dataclass(frozen=True, slots=True)
class DurationRule:
    """Where a line says how long the version took; `unit` is how many seconds a 1 stands for."""

    field: str | None
    pattern: re.Pattern[str] | None
    unit: float = 1.0

    def seconds(self, line: str, fields: Mapping[str, Any] | None) -> float:
        """Raises Unreadable when the line has no duration."""
        value: Any = None
        if self.pattern is not None:
            match = self.pattern.search(line)
            value = match.group(1 if self.pattern.groups else 0) if match else None
        elif fields is not None:
            value = field_of(fields, self.field or "")
        try:
            seconds = float(value) * self.unit
        except (TypeError, ValueError):
            raise Unreadable("no duration") from None
        if not 0 <= seconds < float("inf"):
            raise Unreadable(f"a duration of {seconds} s")
        return seconds


@dataclass(frozen=True, slots=True)
class LogForm:
    """How lines are read. `time` and `status` name JSON fields; None: the first known one that is there."""

    arms: ArmRule
    duration: DurationRule | None = None
    time: str | None = None
    status: str | None = None


def read_line(line: str, form: LogForm) -> Request | None:
    """The request that a line tells of, its arm in `address`; None when it is of neither arm.

    Raises Unreadable.
    """
    line = line.strip()
    fields = _json(line) if line.startswith("{") else None
    arm = form.arms.arm(line, fields)
    if arm is None:
        return None
    seconds = form.duration.seconds(line, fields) if form.duration else 0.0
    if fields is not None:
        return _from_fields(fields, form, arm, seconds)
    match = _COMMON.match(line)
    if match is None:
        raise Unreadable(f'neither JSON nor the common log form: "{line[:_SHOWN]}"')
    try:
        at = datetime.strptime(match["at"], _COMMON_TIME).astimezone(UTC)
    except ValueError:
        raise Unreadable(f'"{match["at"][:_SHOWN]}" is not a time of the common log form') from None
    method, path = _first_line(match["request"])
    status = None if match["status"] == "-" else int(match["status"])
    return Request(at, arm.value, status, seconds, method, path, match["client"])


def _from_fields(fields: Mapping[str, Any], form: LogForm, arm: Arm, seconds: float) -> Request:
    method, path = _first_line(str(_first(fields, PATH_FIELDS) or "/"))
    return Request(
        at=_instant(_needed(fields, form.time, TIME_FIELDS, "time")),
        address=arm.value,
        status=_status(_needed(fields, form.status, STATUS_FIELDS, "status")),
        seconds=seconds,
        method=str(_first(fields, METHOD_FIELDS) or method).upper(),
        path=path,
        client=str(_first(fields, CLIENT_FIELDS) or ""),
    )


def field_of(fields: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """A field by its name, or by the way to it with dots; None when it is not there."""
    if name in fields:
        return fields[name]
    found: Any = fields
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _json(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise Unreadable(f'not JSON: "{line[:_SHOWN]}"') from None
    if not isinstance(found, dict):
        raise Unreadable("not a JSON object")
    return found


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _needed(fields: Mapping[str, Any], name: str | None, known: tuple[str, ...], what: str) -> Any:  # noqa: ANN401
    value = field_of(fields, name) if name else _first(fields, known)
    if value is None:
        raise Unreadable(f"no {what}: no field {name or ' or '.join(known)}")
    return value


def _instant(value: Any) -> datetime:  # noqa: ANN401
    try:
        if isinstance(value, int | float) or re.fullmatch(r"\d+(\.\d+)?", str(value)):
            number = float(value)
            return datetime.fromtimestamp(number / (1000 if number > _LATEST_SECONDS else 1), UTC)
        text = str(value)
        if re.match(r"\d{2}/\w{3}/\d{4}:", text):
            return datetime.strptime(text, _COMMON_TIME).astimezone(UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f'"{str(value)[:_SHOWN]}" is no time') from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _status(value: Any) -> int | None:  # noqa: ANN401
    """None for 0 and -: the version gave no answer."""
    text = str(value).strip()
    if text in {"-", "0", "000"}:
        return None
    if not re.fullmatch(r"[1-9]\d\d", text):
        raise Unreadable(f'"{text[:_SHOWN]}" is no status')
    return int(text)


def _first_line(request: str) -> tuple[str, str]:
    """Method and path of `GET /path?query HTTP/1.1`, of a path, or of a URL."""
    parts = request.split(" ")
    method, target = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    target = re.sub(r"^[a-z]+://[^/]*", "", target)
    return method, target.split("?", 1)[0] or "/"
