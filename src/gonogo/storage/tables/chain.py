"""The audit chain, and what keeps the database from changing it."""

import sqlalchemy as sa

from gonogo.domain.audit import GENESIS
from gonogo.storage.tables.columns import UtcTime, metadata

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("audit_of_subject", "subject", "sequence"),
    sa.Index("audit_of_actor", "actor", "action", "sequence"),
    sa.Index("audit_of_action", "action", "sequence"),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)
"""One row: where the chain ends. Writers queue up on it; entries cut off the end leave a gap."""

HEAD_ROW = {"id": 1, "sequence": 0, "digest": GENESIS}

AUDIT_GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END",
        "CREATE TRIGGER audit_keeps_what_it_has BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END",
        # INSERT OR REPLACE deletes without firing a trigger on DELETE.
        "CREATE TRIGGER audit_replaces_nothing BEFORE INSERT ON audit"
        " WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence)"
        " BEGIN SELECT RAISE(ABORT, 'audit entries are never replaced'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit entries are never changed or deleted'; END $$",
        "CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_refuses()",
        "CREATE TRIGGER audit_keeps_what_it_has BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses()",
    ),
}
