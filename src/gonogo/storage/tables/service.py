"""What is known of services: their specs, the papers filed for them, and what serves where."""

import sqlalchemy as sa

from gonogo.storage.tables.columns import UtcTime, metadata, number

registrations = sa.Table(
    "registrations",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, sa.ForeignKey("specs.digest"), nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("tester_secret", sa.Text, nullable=False),
)

specs = sa.Table(
    "specs",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("first_at", UtcTime, nullable=False),
)

papers = sa.Table(
    "papers",
    metadata,
    number(),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("service", sa.Text, nullable=False),
    # Null: about the service as a whole.
    sa.Column("commit", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("paper", sa.LargeBinary, nullable=False),
    sa.Index("papers_of_version", "service", "commit", "number"),
)

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("environment", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("version", sa.Text),
    sa.Column("commit", sa.Text),
    sa.Column("instance", sa.Text),
    sa.Column("port", sa.Integer),
    sa.Column("share", sa.Double, nullable=False),
    sa.Column("testers", sa.Boolean, nullable=False),
    # Grows with every change: which of two pictures of an environment is the newer one.
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("host", sa.Text, nullable=False, server_default="127.0.0.1"),
    sa.Column("adopted", sa.Boolean, nullable=False, server_default=sa.false()),
)

adoptions = sa.Table(
    "adoptions",
    metadata,
    sa.Column("release_id", sa.Text, sa.ForeignKey("releases.id"), primary_key=True),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("port", sa.Integer, nullable=False),
)
"""Where versions listen that ran before; what else is known of them stands in their releases."""

places = sa.Table(
    "places",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("environment", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, nullable=False),
)
