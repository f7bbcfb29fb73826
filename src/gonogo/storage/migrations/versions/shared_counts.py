"""Counts of requests and tries, for the limits that desks of one database share."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "counts",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("over_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("counts_key")),
    )
    op.create_index("counts_by_age", "counts", ["over_at"])
    if op.get_context().dialect.name == "postgresql":
        # Nobody misses the counts of a minute after a crash, and no request waits for the disk.
        op.execute("ALTER TABLE counts SET UNLOGGED")
