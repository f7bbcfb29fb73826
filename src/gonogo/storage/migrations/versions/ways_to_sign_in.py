"""Passwords, sessions, one-time links, identities at a provider, and scopes of tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("scopes", sa.Text(), nullable=True))
    _passwords_and_sessions()
    op.create_table(
        "known_browsers",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["people.name"], name=op.f("known_browsers_person_known")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("known_browsers_key")),
        sa.UniqueConstraint("digest", name=op.f("known_browsers_digest_once")),
    )
    op.create_index("known_browsers_of_person", "known_browsers", ["person", "number"])
    op.create_table(
        "invitations",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("invitations_key")),
    )
    op.create_index("invitations_of_person", "invitations", ["person"])
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("identities_person_known")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("identities_key")),
    )
    op.create_index("identities_of_person", "identities", ["person"])
    op.create_table(
        "flows",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("flows_key")),
    )


def _passwords_and_sessions() -> None:
    op.create_table(
        "credentials",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("credentials_person_known")),
        sa.PrimaryKeyConstraint("person", name=op.f("credentials_key")),
    )
    op.create_table(
        "sessions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("sessions_person_known")),
        sa.PrimaryKeyConstraint("number", name=op.f("sessions_key")),
        sa.UniqueConstraint("digest", name=op.f("sessions_digest_once")),
        sa.UniqueConstraint("id", name=op.f("sessions_id_once")),
        sa.UniqueConstraint("previous", name=op.f("sessions_previous_once")),
        sa.UniqueConstraint("successor", name=op.f("sessions_successor_once")),
    )
    op.create_index("sessions_of_person", "sessions", ["person", "number"])
