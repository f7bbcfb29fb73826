"""The defaults of domain values, as descriptions of keys say them: they are stated nowhere else."""

from dataclasses import MISSING, fields
from datetime import timedelta
from enum import StrEnum

from gonogo.spec.units import format_duration, format_share

ANY = "any"
"""How "no limit" is written."""


def default_of(kind: type, name: str) -> object:
    """What this field of a frozen dataclass is when nobody gives it."""
    field = next(field for field in fields(kind) if field.name == name)
    return field.default if field.default_factory is MISSING else field.default_factory()


def default_words(kind: type, name: str) -> str:
    """` Default 7d.`, or nothing where the default is empty and the description says what that means."""
    shown = _shown(default_of(kind, name))
    return f" Default {shown}." if shown else ""


def _shown(default: object) -> str:
    if default is None:
        return ANY
    if isinstance(default, timedelta):
        return format_duration(default)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return format_share(default)
    if isinstance(default, StrEnum):
        return default.value.replace("_", " ")
    return str(default) if isinstance(default, int) else ""
