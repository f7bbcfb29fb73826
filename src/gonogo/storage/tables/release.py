"""Releases on their way. What a rollback writes is narrow: a frozen plan and the judge's memory lie
apart from the release's row, so that a change of stage does not rewrite them.
"""

import sqlalchemy as sa

from gonogo.storage.tables.columns import UtcTime, metadata, number, of_release

releases = sa.Table(
    "releases",
    metadata,
    number(),
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
    of_release(primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),
)

leases = sa.Table(
    "leases",
    metadata,
    of_release(primary_key=True),
    sa.Column("desk", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
)

instructions = sa.Table(
    "instructions",
    metadata,
    number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    of_release(),
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
    number(),
    of_release(),
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
    number(),
    of_release(),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("look", sa.LargeBinary, nullable=False),
    sa.Index("looks_of_release", "release_id", "number"),
)

judge_memories = sa.Table(
    "judge_memories",
    metadata,
    of_release(primary_key=True),
    sa.Column("memory", sa.LargeBinary, nullable=False),
)

messages = sa.Table(
    "messages",
    metadata,
    number(),
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
