"""Answers kept for requests that are sent again, and indexes for finding a release by its name."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("begun", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("answers_key")),
        sa.UniqueConstraint("place", name=op.f("answers_place_once")),
    )
    op.create_index("answers_by_age", "answers", ["at"])
    op.create_index("releases_of_service", "releases", ["service", "number"])
    op.create_index("releases_of_version", "releases", ["version", "number"])
