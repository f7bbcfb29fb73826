"""The audit chain found by who did what, and messages by their release."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("audit_of_actor", "audit", ["actor", "action", "sequence"])
    op.create_index("audit_of_action", "audit", ["action", "sequence"])
    op.create_index("messages_of_release", "messages", ["release_id", "number"])
