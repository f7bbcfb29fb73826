"""What the tables are made of: where they are gathered, and the columns that many of them have."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_name)s_once",
        "fk": "%(table_name)s_%(column_0_name)s_known",
    }
)

_ZONE = "+00:00"


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. A naive one is refused."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value}")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)

    @staticmethod
    def as_text(value: datetime | None) -> str | None:
        """As SQLite keeps it: what SQLAlchemy writes, a good deal faster."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value}")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.isoformat(" ", "microseconds")[: -len(_ZONE)]

    @staticmethod
    @lru_cache(maxsize=8192)  # most times are read many times
    def of_text(text: str | None) -> datetime | None:
        """The time that `as_text` wrote."""
        return None if text is None else datetime.fromisoformat(text + _ZONE)


def of_release(*, primary_key: bool = False) -> "sa.Column[str]":
    """The release that a row belongs to."""
    return sa.Column(
        "release_id",
        sa.Text,
        sa.ForeignKey("releases.id"),
        primary_key=primary_key,
        nullable=False,
    )


def number() -> "sa.Column[int]":
    """The order in which rows came, which times alone may not tell."""
    return sa.Column("number", sa.Integer, primary_key=True)
