"""Desks, and what they keep for those who ask them: answers given before, and windows of limits."""

import sqlalchemy as sa

from gonogo.storage.tables.columns import UtcTime, metadata, number

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

answers = sa.Table(
    "answers",
    metadata,
    number(),
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
