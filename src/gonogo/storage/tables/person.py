"""People, and every way in which they come in."""

import sqlalchemy as sa

from gonogo.storage.tables.columns import UtcTime, metadata, number

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
    number(),
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
    number(),
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
    number(),
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
