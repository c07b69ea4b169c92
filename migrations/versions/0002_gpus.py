"""GPUs: what steps need of one, which one an attempt had, and results by the kind of GPU.

Jobs are submitted several to a request, and with further models.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READY = sa.text("state = 'ready'")
RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    _requests()
    _needs()
    _devices()
    _kinds()


def downgrade() -> None:
    _without_kinds()
    op.drop_column("attempts", "gpu")
    op.drop_index("steps_claim", "steps")
    op.create_index(
        "steps_claim",
        "steps",
        ["queue", sa.text("priority DESC"), "turn", "ready_at", "id"],
        postgresql_where=READY,
    )
    op.drop_index("steps_turns", "steps")
    op.create_index("steps_turns", "steps", ["turn"], postgresql_where=READY)
    for column in ("gpu", "needs", "tied"):
        op.drop_column("steps", column)
    op.drop_index("jobs_request", "jobs")
    for column in ("extras", "number", "request"):
        op.drop_column("jobs", column)


def _requests() -> None:
    """A job that is there already was the only one of its request."""
    op.add_column("jobs", sa.Column("request", sa.Uuid(), nullable=True))
    op.execute("UPDATE jobs SET request = id")
    op.alter_column("jobs", "request", nullable=False)
    op.add_column(
        "jobs",
        sa.Column("number", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("jobs", sa.Column("extras", JSONB(), nullable=True))
    op.create_index("jobs_request", "jobs", ["tenant", "request", "number"])


def _needs() -> None:
    """Steps that are there already need no GPU."""
    op.add_column(
        "steps",
        sa.Column("needs", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.drop_index("steps_claim", "steps")
    op.create_index(
        "steps_claim",
        "steps",
        ["queue", "needs", sa.text("priority DESC"), "turn", "ready_at", "id"],
        postgresql_where=READY,
    )
    op.drop_index("steps_turns", "steps")
    op.create_index("steps_turns", "steps", ["queue", "needs", "turn"], postgresql_where=READY)


def _devices() -> None:
    op.add_column("attempts", sa.Column("gpu", JSONB(), nullable=True))


def _kinds() -> None:
    op.add_column(
        "steps",
        sa.Column("tied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    for table in ("steps", "results"):
        op.add_column(
            table, sa.Column("gpu", sa.Text(), server_default=sa.text("''"), nullable=False)
        )
    op.drop_index("steps_flight", "steps")
    op.create_index(
        "steps_flight", "steps", ["fingerprint", "gpu"], unique=True, postgresql_where=RUNNING
    )
    op.add_column("results", sa.Column("device", JSONB(), nullable=True))
    op.drop_constraint("results_pkey", "results")
    op.create_primary_key("results_pkey", "results", ["fingerprint", "gpu"])


def _without_kinds() -> None:
    """Engines by kind have no place in the older cache; who builds one now begins again."""
    op.execute(
        """
        UPDATE attempts SET ended_at = clock_timestamp(), outcome = 'broke'
        FROM steps
        WHERE steps.id = step_id AND steps.attempt = number
              AND steps.state = 'running' AND steps.gpu <> ''
        """
    )
    op.execute(
        """
        UPDATE steps SET state = 'ready', worker = NULL, lease_expires = NULL
        WHERE state = 'running' AND gpu <> ''
        """
    )
    op.execute("DELETE FROM results WHERE gpu <> ''")
    op.drop_constraint("results_pkey", "results")
    op.create_primary_key("results_pkey", "results", ["fingerprint"])
    for column in ("device", "gpu"):
        op.drop_column("results", column)
    op.drop_index("steps_flight", "steps")
    op.create_index(
        "steps_flight", "steps", ["fingerprint"], unique=True, postgresql_where=RUNNING
    )
