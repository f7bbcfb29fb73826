"""Slots whose version listens on another address than this machine's own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # What runs already was started by a desk on its own machine.
    host = sa.Column("host", sa.Text(), nullable=False, server_default="127.0.0.1")
    op.add_column("slots", host)
