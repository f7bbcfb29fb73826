"""Domain values to JSON and back, exactly.

The shape of the text follows from the dataclasses themselves: a new field with a default reads old
rows, an unknown key is refused rather than dropped, and nothing is coerced on the way back. Infinite
numbers are kept (evidence and intervals may be unbounded).
"""

import threading
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from gonogo.domain.errors import NeedsPerson

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Value = TypeVar("Value")

_LOOK_LEVEL = 1
"""zlib level: a look shrinks to less than half; higher levels gain little and cost time."""


_adapters: dict[type, "TypeAdapter[tuple[Any]]"] = {}
_building = threading.Lock()
"""Values of one kind may be met first by two threads, and pydantic marks classes while it builds."""


def _adapter(kind: type) -> "TypeAdapter[tuple[Any]]":
    """Built at first use: that takes pydantic about a tenth of a second, once."""
    from pydantic import ConfigDict, TypeAdapter

    found = _adapters.get(kind)
    if found is not None:
        return found
    with _building:
        if kind not in _adapters:
            # pydantic takes a configuration for a stdlib dataclass only from around it: hence the tuple.
            _adapters[kind] = TypeAdapter(
                cast("type[tuple[Any]]", tuple.__class_getitem__(kind)),
                config=ConfigDict(
                    extra="forbid", strict=True, allow_inf_nan=True, ser_json_inf_nan="constants"
                ),
            )
        return _adapters[kind]


def encode(value: object) -> str:
    """A frozen dataclass as compact JSON.

    Raises ValueError for a value that could not be read back (a field of another type).
    """
    adapter = _adapter(type(value))
    try:
        text = adapter.dump_json((value,), warnings="error")
    except ValueError:
        # Maybe only a read-only mapping where pydantic expects a dict; reading it back shows it.
        text = adapter.dump_json((value,), warnings=False, fallback=_plain)
        adapter.validate_json(text)
    return text[1:-1].decode()


def _plain(value: object) -> object:
    """Read-only mappings, which pydantic does not know by themselves, as dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot be stored: {type(value).__name__}")


def decode(kind: type[Value], text: str | bytes) -> Value:
    """The value of this class that `encode` wrote.

    Raises NeedsPerson when the text is not one, naming the first field that does not fit.
    """
    from pydantic import ValidationError

    source = text if isinstance(text, bytes) else text.encode()
    try:
        return cast("Value", _adapter(kind).validate_json(b"[" + source + b"]")[0])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the whole text"
        raise NeedsPerson(
            f"a stored {kind.__name__.lower()} cannot be read: {where}: {first['msg']}",
            hint="check that no other version of gonogo wrote to this database: gonogo doctor",
        ) from error


def pack(value: object) -> bytes:
    """`encode`, compressed: for rows that are many and alike."""
    return zlib.compress(encode(value).encode(), _LOOK_LEVEL)


def unpack(kind: type[Value], packed: bytes) -> Value:
    """The value that `pack` wrote. Raises NeedsPerson as `decode` does."""
    try:
        text = zlib.decompress(packed)
    except zlib.error as error:
        raise NeedsPerson(
            f"a stored {kind.__name__.lower()} cannot be read: {error}",
            hint="check the database: gonogo doctor",
        ) from error
    return decode(kind, text)
