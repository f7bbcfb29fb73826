"""Let a tracking event have no courier. It only loosens: what v1.2.0 writes still fits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Accept events without a courier."""
    with op.batch_alter_table("tracking") as table:
        table.alter_column("courier", existing_type=sa.String(80), nullable=True)


def downgrade() -> None:
    """Demand a courier again; events that have none get an empty one."""
    op.execute("UPDATE tracking SET courier = '' WHERE courier IS NULL")
    with op.batch_alter_table("tracking") as table:
        table.alter_column("courier", existing_type=sa.String(80), nullable=False)
