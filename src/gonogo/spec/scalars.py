"""Types of single values: how each is read from a node and how its JSON Schema looks."""

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import PlainValidator, WithJsonSchema

from gonogo.domain.legible import is_legible
from gonogo.domain.plan import Json
from gonogo.domain.traffic import BadStatus, Endpoint, SlowerThan
from gonogo.spec import rules, units
from gonogo.spec.source import Node, Row, Text, kind, to_json
from gonogo.spec.units import Unfit
from gonogo.spec.wording import did_you_mean, listed, quoted

T = TypeVar("T")

SERVICE_PATTERN = r"^[a-z][a-z0-9-]{0,39}$"
HEADER_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
TYPE_PATTERN = r"^[a-z][a-z0-9_-]{0,39}$"
OFF = ("off", "false", "no")  # what YAML writers mean by it
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
_PATH = {"type": "string", "pattern": r"^/\S*$", "examples": ["/health"]}
_DURATION = {
    "type": "string",
    "pattern": units.DURATION_PATTERN,
    "examples": ["30s", "5m", "1h30m"],
}


def text_of(node: Node) -> str:
    """The text of a single value. Raises Unfit."""
    if not isinstance(node, Text):
        hint = "; put quotes around text that begins with { or ["
        raise Unfit(f"this must be a single value, not {kind(node)}{hint}")
    if "\x00" in node.text:
        raise Unfit("the character U+0000 is not allowed")
    return node.text


def from_text(parse: Callable[[str], T]) -> PlainValidator:
    """Reads a single value by its text."""
    return PlainValidator(lambda node: parse(text_of(node)))


def positive(text: str) -> timedelta:
    """A duration that is not zero. Raises Unfit."""
    duration = units.parse_duration(text)
    if not duration:
        raise Unfit(f"{quoted(text)} leaves no time; write more than 0s")
    return duration


def _filled(text: str) -> str:
    if not text.strip():
        raise Unfit("this is empty; give it a value")
    return text


def _step_share(text: str) -> float:
    if re.fullmatch(r"100(\.0+)?\s*%", text):
        raise Unfit(
            "a step to 100% leaves nobody to compare with; leave it out, after the last step "
            "everyone gets the new version"
        )
    return units.parse_share(text)


def name(text: str) -> str:
    """1 to 80 characters on one line. Raises Unfit."""
    if not text.strip() or len(text) > 80 or not is_legible(text):
        raise Unfit(f"{quoted(text)} is not a name; a name is 1 to 80 characters on one line")
    return text.strip()


def system_name(text: str) -> str:
    """The name of a service or environment. Raises Unfit."""
    if re.fullmatch(SERVICE_PATTERN, text) is None:
        raise Unfit(
            f"{quoted(text)} is not allowed as a name; use lower-case letters, digits and hyphens, "
            "a letter first, at most 40 characters"
        )
    return text


def _port(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text) is None or not 1 <= int(text) <= 65535:
        raise Unfit(f"{quoted(text)} is not a port; allowed: 1 to 65535")
    return int(text)


def _bind(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        guess = '; did you mean "127.0.0.1"?' if text == "localhost" else ""
        raise Unfit(
            f"{quoted(text)} is not an IP address; write 127.0.0.1 for this machine only, "
            f"0.0.0.0 for everybody{guess}"
        ) from None


def _database_url(text: str) -> str:
    if re.match(r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$", text) is None:
        raise Unfit(f"{quoted(text)} is not a URL; write it as in sqlite:///orders.db")
    return text


def _ratio(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) is None:
        raise Unfit(
            f"{quoted(text)} is not a ratio; write how many times the baseline is tolerated, as in 1.2"
        )
    if not 1 <= float(text) <= 1000:
        raise Unfit(f"{quoted(text)} is out of range; a ratio to the baseline is 1 to 1000")
    return float(text)


def _status(text: str) -> int:
    if re.fullmatch(r"[1-5][0-9]{2}", text) is None:
        raise Unfit(f"{quoted(text)} is not a status to expect; allowed: 100 to 599")
    return int(text)


def _header(text: str) -> str:
    if re.fullmatch(HEADER_PATTERN, text) is None:
        raise Unfit(f"{quoted(text)} is not the name of a header; write it as in X-Gonogo-Canary")
    return text


def variable(text: str) -> str:
    """The name of an environment variable. Raises Unfit."""
    if re.fullmatch(VARIABLE_PATTERN, text) is None:
        raise Unfit(
            f"{quoted(text)} is not the name of a variable; "
            "allowed: letters, digits and _, not a digit first"
        )
    return text


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise Unfit(f"{quoted(text)} is not allowed; allowed: true, false")
    return text == "true"


def choice(*names: str) -> Any:  # noqa: ANN401  (an annotation, made at import)
    """One of these words; `_` and `-` count as a blank."""

    def parse(text: str) -> str:
        word = re.sub(r"[\s_-]+", " ", text.strip().lower())
        if word not in names:
            raise Unfit(
                f"unknown value {quoted(text)}; allowed: {listed(names)}{did_you_mean(text, names)}"
            )
        return word

    return Annotated[str, from_text(parse), WithJsonSchema({"enum": list(names)})]


def _bad(node: Node) -> BadStatus | SlowerThan:
    return rules.parse_bad(
        [text_of(item) for item in node] if isinstance(node, Row) else [text_of(node)]
    )


def _duration_or_off(text: str) -> timedelta:
    """No time at all for off. Raises Unfit."""
    return timedelta() if text.lower() in OFF else positive(text)


def _path_map(text: str) -> str:
    if re.fullmatch(r"[^\s.]+(\.[^\s.]+)*", text) is None:
        raise Unfit(
            f"{quoted(text)} is not a place in JSON; write keys and positions with dots, as in data.0.id"
        )
    return text


def _value(node: Node) -> str:
    if isinstance(node, Text) and node.empty:
        raise Unfit('this has no value; write "" for empty text')
    return text_of(node)


Duration = Annotated[timedelta, from_text(units.parse_duration), WithJsonSchema(_DURATION)]
PositiveDuration = Annotated[timedelta, from_text(positive), WithJsonSchema(_DURATION)]
DurationOrOff = Annotated[
    timedelta,
    from_text(_duration_or_off),
    WithJsonSchema({"anyOf": [_DURATION, {"enum": ["off", False]}]}),
]
Share = Annotated[
    float,
    from_text(units.parse_share),
    WithJsonSchema(
        {"type": "string", "pattern": units.PERCENT_PATTERN, "examples": ["5%", "0.5%"]}
    ),
]
StepShare = Annotated[
    float,
    from_text(_step_share),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(?!100)" + units.PERCENT_PATTERN.removeprefix("^")}
    ),
]
Requests = Annotated[
    int,
    from_text(units.parse_requests),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": units.COUNT_PATTERN, "examples": ["100 requests"]},
            ]
        }
    ),
]
Line = Annotated[str, from_text(_filled), WithJsonSchema({"type": "string", "pattern": r"\S"})]
Name = Annotated[
    str, from_text(name), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 80})
]
SystemName = Annotated[
    str, from_text(system_name), WithJsonSchema({"type": "string", "pattern": SERVICE_PATTERN})
]
Path = Annotated[str, from_text(rules.parse_path), WithJsonSchema(_PATH)]
Port = Annotated[
    int, from_text(_port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535})
]
Bind = Annotated[
    str, from_text(_bind), WithJsonSchema({"type": "string", "examples": ["127.0.0.1", "::1"]})
]
DatabaseUrl = Annotated[
    str,
    from_text(_database_url),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"}),
]
Ratio = Annotated[
    float, from_text(_ratio), WithJsonSchema({"type": "number", "minimum": 1, "maximum": 1000})
]
Status = Annotated[
    int, from_text(_status), WithJsonSchema({"type": "integer", "minimum": 100, "maximum": 599})
]
Header = Annotated[
    str, from_text(_header), WithJsonSchema({"type": "string", "pattern": HEADER_PATTERN})
]
Value = Annotated[
    str, PlainValidator(_value), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
Boolean = Annotated[bool, from_text(_boolean), WithJsonSchema({"type": "boolean"})]
JsonPath = Annotated[
    str,
    from_text(_path_map),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["data.0.id"]}),
]
JsonValue = Annotated[Json, PlainValidator(to_json), WithJsonSchema({})]
_ONE_STATUS = r"([1-5][xX]{2}|[1-5][0-9]{2}(\s*-\s*[1-5][0-9]{2})?)"
_STATUS_TEXT = rf"^\s*{_ONE_STATUS}\s*(,\s*{_ONE_STATUS}\s*)*$"
_STATUS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": _STATUS_TEXT},
    ]
}
Bad = Annotated[
    BadStatus | SlowerThan,
    PlainValidator(_bad),
    WithJsonSchema(
        {
            "anyOf": [
                *_STATUS_SCHEMA["anyOf"],
                {"type": "string", "pattern": r"^[Ss]lower\s+than\s+[0-9]"},
                {"type": "array", "items": _STATUS_SCHEMA, "minItems": 1},
            ],
            "examples": ["5xx", "500-504", ["5xx", 429], "slower than 400ms"],
        }
    ),
]
On = Annotated[
    Endpoint,
    from_text(rules.parse_endpoint),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\*|[A-Za-z]+)(\s+/\S*)?$|^/\S*$",
            "examples": ["POST /api/v1/orders", "* /api/**"],
        }
    ),
]
