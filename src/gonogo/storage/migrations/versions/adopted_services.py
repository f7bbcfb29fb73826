"""Slots whose version listens on another address or was adopted, and where adopted versions listen."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # What runs already was started by a desk on its own machine.
    host = sa.Column("host", sa.Text(), nullable=False, server_default="127.0.0.1")
    op.add_column("slots", host)
    op.add_column(
        "slots",
        sa.Column("adopted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "adoptions",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("adoptions_release_id_known")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("adoptions_key")),
    )
