"""Where a message was sent to, written down with it: what a desk is set up to tell may change."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("messages", sa.Column("sent_to", sa.Text(), nullable=True))
