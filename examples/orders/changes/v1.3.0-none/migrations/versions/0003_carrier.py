"""Call the carrier of an order by the word that customers know."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Rename the column; its index follows."""
    op.execute("ALTER TABLE orders RENAME COLUMN courier TO carrier")


def downgrade() -> None:
    """Give the column its old name back."""
    op.execute("ALTER TABLE orders RENAME COLUMN carrier TO courier")
