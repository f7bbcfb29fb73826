"""Papers, people, tokens, and the lines that a person verified."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("paper", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("papers_key")),
        sa.UniqueConstraint("id", name=op.f("papers_id_once")),
    )
    op.create_index("papers_of_version", "papers", ["service", "commit", "number"])
    op.create_table(
        "people",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("people_key")),
    )
    op.create_table(
        "tokens",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("tokens_person_known")),
        sa.PrimaryKeyConstraint("number", name=op.f("tokens_key")),
        sa.UniqueConstraint("digest", name=op.f("tokens_digest_once")),
        sa.UniqueConstraint("id", name=op.f("tokens_id_once")),
    )
    op.add_column(
        "instructions", sa.Column("lines", sa.Text(), nullable=False, server_default="[]")
    )
