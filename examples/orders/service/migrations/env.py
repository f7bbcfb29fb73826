"""Runs the migrations against the database the service uses, as one transaction each."""

import os

from alembic import context

from orders.database import open_engine
from orders.settings import Settings


def run() -> None:
    """Migrate the database that the environment names."""
    engine = open_engine(Settings.from_environ(os.environ).database_url)
    with engine.execution_options(writes=True).connect() as connection:
        context.configure(
            connection=connection,
            transactional_ddl=True,  # SQLite can, now that transactions begin explicitly
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
