"""The tables. Migrations make them; a test holds the two together.

Every time is UTC with microseconds. Text that holds a domain value is JSON by `codec`. Tables that
are written on the way of a rollback are kept narrow: a frozen plan and the judge's memory lie apart
from the release's row, so that a change of stage does not rewrite them.
"""

from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from gonogo.domain.audit import GENESIS

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


def _of_release(*, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(
        "release_id",
        sa.Text,
        sa.ForeignKey("releases.id"),
        primary_key=primary_key,
        nullable=False,
    )


def _number() -> "sa.Column[int]":
    """The order in which rows came, which times alone may not tell."""
    return sa.Column("number", sa.Integer, primary_key=True)


registrations = sa.Table(
    "registrations",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, sa.ForeignKey("specs.digest"), nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("tester_secret", sa.Text, nullable=False),
)

specs = sa.Table(
    "specs",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("first_at", UtcTime, nullable=False),
)

papers = sa.Table(
    "papers",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("service", sa.Text, nullable=False),
    # Null: about the service as a whole.
    sa.Column("commit", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("paper", sa.LargeBinary, nullable=False),
    sa.Index("papers_of_version", "service", "commit", "number"),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("left_at", UtcTime),
)

tokens = sa.Table(
    "tokens",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
    # Null: whatever the person may do.
    sa.Column("scopes", sa.Text),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("person", sa.Text, sa.ForeignKey("people.name"), primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("successor", sa.Text, unique=True),
    sa.Column("previous", sa.Text, unique=True),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("turned_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Index("sessions_of_person", "person", "number"),
)

known_browsers = sa.Table(
    "known_browsers",
    metadata,
    _number(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
    sa.Column("known_since", UtcTime, nullable=False),
    sa.Index("known_browsers_of_person", "person", "number"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    # Empty for the link that makes the first admin, so not a foreign key.
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Index("invitations_of_person", "person"),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("people.name"), nullable=False),
    sa.Column("linked_at", UtcTime, nullable=False),
    sa.Index("identities_of_person", "person"),
)

flows = sa.Table(
    "flows",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("next", sa.Text, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
)
"""Sign-ins that went to a provider."""

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("environment", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("version", sa.Text),
    sa.Column("commit", sa.Text),
    sa.Column("instance", sa.Text),
    sa.Column("port", sa.Integer),
    sa.Column("share", sa.Double, nullable=False),
    sa.Column("testers", sa.Boolean, nullable=False),
    # Grows with every change: which of two pictures of an environment is the newer one.
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("host", sa.Text, nullable=False, server_default="127.0.0.1"),
    sa.Column("adopted", sa.Boolean, nullable=False, server_default=sa.false()),
)

adoptions = sa.Table(
    "adoptions",
    metadata,
    sa.Column("release_id", sa.Text, sa.ForeignKey("releases.id"), primary_key=True),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("port", sa.Integer, nullable=False),
)
"""Where versions listen that ran before; what else is known of them stands in their releases."""

places = sa.Table(
    "places",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("environment", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
)

desks = sa.Table(
    "desks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("incarnation", sa.Text, nullable=False),
    # The server's process that serves it, by which a session that hangs can be ended.
    sa.Column("session", sa.Integer, nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
)

releases = sa.Table(
    "releases",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("commit", sa.Text, nullable=False),
    sa.Column("previous", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("stage_since", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("step_since", UtcTime),
    sa.Column("exposed", sa.Boolean, nullable=False),
    sa.Column("came_from", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
)
sa.Index(
    "one_release_under_way",
    releases.c.service,
    unique=True,
    sqlite_where=sa.text("ended = 0"),
    postgresql_where=sa.text("NOT ended"),
)

sa.Index("releases_of_service", releases.c.service, releases.c.number)
sa.Index("releases_of_version", releases.c.version, releases.c.number)

plans = sa.Table(
    "plans",
    metadata,
    _of_release(primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    _of_release(primary_key=True),
    sa.Column("desk", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

instructions = sa.Table(
    "instructions",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    _of_release(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("handled_at", UtcTime),
    sa.Column("lines", sa.Text, nullable=False, server_default="[]"),
    sa.Index("instructions_of_release", "release_id", "number"),
)

journal = sa.Table(
    "journal",
    metadata,
    _number(),
    _of_release(),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
    sa.Column("output", sa.Text, nullable=False),
    sa.UniqueConstraint("release_id", "step", name="one_entry_for_each_step"),
)

looks = sa.Table(
    "looks",
    metadata,
    _number(),
    _of_release(),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("look", sa.LargeBinary, nullable=False),
    sa.Index("looks_of_release", "release_id", "number"),
)

judge_memories = sa.Table(
    "judge_memories",
    metadata,
    _of_release(primary_key=True),
    sa.Column("memory", sa.LargeBinary, nullable=False),
)

messages = sa.Table(
    "messages",
    metadata,
    _number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    # Not a foreign key: a desk may have something to tell that belongs to no release.
    sa.Column("release_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("sent_at", UtcTime),
    # Null: it was not sent, or by a desk that did not write down where to.
    sa.Column("sent_to", sa.Text),
)
sa.Index(
    "messages_waiting",
    messages.c.due_at,
    sqlite_where=sa.text("sent_at IS NULL"),
    postgresql_where=sa.text("sent_at IS NULL"),
)
sa.Index("messages_of_release", messages.c.release_id, messages.c.number)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("audit_of_subject", "subject", "sequence"),
    sa.Index("audit_of_actor", "actor", "action", "sequence"),
    sa.Index("audit_of_action", "action", "sequence"),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)
"""One row: where the chain ends. Writers queue up on it; entries cut off the end leave a gap."""

answers = sa.Table(
    "answers",
    metadata,
    _number(),
    # The digest of whose key it is: the key itself is not kept.
    sa.Column("place", sa.Text, nullable=False, unique=True),
    sa.Column("begun", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("request", sa.Text),
    sa.Column("status", sa.Integer),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Index("answers_by_age", "at"),
)

counts = sa.Table(
    "counts",
    metadata,
    # The digest of what is counted: no address and no name stands here.
    sa.Column("place", sa.Text, primary_key=True),
    # Seconds since 1970 by the server's clock, which is the same for all desks.
    sa.Column("began", sa.Double, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),
    sa.Column("before", sa.Integer, nullable=False),
    sa.Column("over_at", sa.Double, nullable=False),
    sa.Index("counts_by_age", "over_at"),
)
"""Windows of limits that desks share: unlogged on PostgreSQL, unused on SQLite."""

HEAD_ROW = {"id": 1, "sequence": 0, "digest": GENESIS}

AUDIT_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END",
        "CREATE TRIGGER audit_keeps_what_it_has BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END",
        # INSERT OR REPLACE deletes without firing a trigger on DELETE.
        "CREATE TRIGGER audit_replaces_nothing BEFORE INSERT ON audit"
        " WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never replaced'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit entries are never changed or deleted'; END $$",
        "CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_refuses()",
        "CREATE TRIGGER audit_keeps_what_it_has BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    ),
}


def create_all(connection: sa.Connection) -> None:
    """Every table at once, as the newest migration leaves them; for a database that lives in memory."""
    for statement in _creation(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.execute(sa.insert(audit_head), HEAD_ROW)


@cache
def _creation(name: str) -> tuple[str, ...]:
    dialect = sa.make_url(f"{name}://").get_dialect()()
    tables = metadata.sorted_tables
    indexes = sorted(
        (index for table in tables for index in table.indexes), key=lambda index: str(index.name)
    )
    made: list[ExecutableDDLElement] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    return (*(str(item.compile(dialect=dialect)) for item in made), *AUDIT_GUARDS[name])
