"""Alembic's entry: migrate the database that MODELFERRY_DATABASE_URL names."""

import os

from alembic import context
from sqlalchemy import create_engine, text

from shared.adapters.tables import Base

MIGRATING = 0x6665727279
"""Advisory lock, so that two parts that start together do not migrate at once."""

engine = create_engine(os.environ["MODELFERRY_DATABASE_URL"])
with engine.begin() as connection:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()
engine.dispose()
