"""The first tables.

Written out in full and not taken from `tables`, so that it makes the same tables whatever they become.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

GUARDS = {
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


def upgrade() -> None:
    _create_what_is_registered()
    _create_releases()
    _create_plans_and_leases()
    _create_what_people_said_and_what_was_done()
    _create_what_was_judged()
    _create_outbox()
    _create_audit_chain()


def _create_what_is_registered() -> None:
    op.create_table(
        "specs",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("specs_key")),
    )
    op.create_table(
        "registrations",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("repository", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tester_secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"], ["specs.digest"], name=op.f("registrations_digest_known")
        ),
        sa.PrimaryKeyConstraint("service", name=op.f("registrations_key")),
    )
    op.create_table(
        "slots",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.Text()),
        sa.Column("commit", sa.Text()),
        sa.Column("instance", sa.Text()),
        sa.Column("port", sa.Integer()),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("testers", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("service", "environment", "name", name=op.f("slots_key")),
    )


def _create_releases() -> None:
    op.create_table(
        "releases",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_since", sa.DateTime(timezone=True)),
        sa.Column("exposed", sa.Boolean(), nullable=False),
        sa.Column("came_from", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("releases_key")),
        sa.UniqueConstraint("id", name=op.f("releases_id_once")),
    )
    op.create_index(
        "one_release_under_way",
        "releases",
        ["service"],
        unique=True,
        sqlite_where=sa.text("ended = 0"),
        postgresql_where=sa.text("NOT ended"),
    )


def _create_plans_and_leases() -> None:
    op.create_table(
        "plans",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("plans_release_id_known")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("plans_key")),
    )
    op.create_table(
        "leases",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("leases_release_id_known")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("leases_key")),
    )


def _create_what_people_said_and_what_was_done() -> None:
    op.create_table(
        "instructions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("instructions_release_id_known")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("instructions_key")),
        sa.UniqueConstraint("id", name=op.f("instructions_id_once")),
    )
    op.create_index(
        "instructions_of_release", "instructions", ["release_id", "number"], unique=False
    )
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("output", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("journal_release_id_known")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("journal_key")),
        sa.UniqueConstraint("release_id", "step", name="one_entry_for_each_step"),
    )


def _create_what_was_judged() -> None:
    op.create_table(
        "looks",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("looks_release_id_known")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("looks_key")),
    )
    op.create_index("looks_of_release", "looks", ["release_id", "number"], unique=False)
    op.create_table(
        "judge_memories",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("memory", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("judge_memories_release_id_known")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("judge_memories_key")),
    )


def _create_outbox() -> None:
    op.create_table(
        "messages",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("number", name=op.f("messages_key")),
        sa.UniqueConstraint("id", name=op.f("messages_id_once")),
    )
    op.create_index(
        "messages_waiting",
        "messages",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def _create_audit_chain() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("audit_key")),
    )
    op.create_index("audit_of_subject", "audit", ["subject", "sequence"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_head_key")),
    )
    op.execute("INSERT INTO audit_head (id, sequence, digest) VALUES (1, 0, '" + "0" * 64 + "')")
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(statement)
