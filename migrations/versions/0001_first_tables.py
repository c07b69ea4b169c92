"""The first tables.

The states and moves are read from the domain's own tables. A later change of them writes a
migration of its own, and with it freezes here what stands now.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.domain.jobs import JobState
from shared.domain.lifecycle import MOVES, State

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tenants()
    _models()
    _uploads()
    _parts()
    _samples()
    _submissions()
    _jobs()
    _steps()
    _attempts()
    _events()
    _results()
    _workers()
    _append_only()
    _legal_moves()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse()")


TABLES = (
    "workers",
    "results",
    "events",
    "attempts",
    "steps",
    "jobs",
    "submissions",
    "samples",
    "parts",
    "uploads",
    "models",
    "tenants",
)
"""Those that refer to others before those that are referred to."""


def _written(column: str) -> sa.Column[datetime]:
    moment = sa.DateTime(timezone=True)
    return sa.Column(column, moment, server_default=sa.text("now()"), nullable=False)


def _one_of(values: type[State] | type[JobState]) -> str:
    return f"state IN ({', '.join(repr(each.value) for each in values)})"


def _append_only() -> None:
    """History is written once: no row of it can be changed."""
    op.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER events_append_only BEFORE UPDATE ON events
        FOR EACH ROW EXECUTE FUNCTION refuse('events are append-only')
        """
    )


def _legal_moves() -> None:
    """A step changes its state only as the lifecycle's table says."""
    legal = {(state.value, after.value) for (state, _), after in MOVES.items()}
    pairs = ", ".join(f"('{before}', '{after}')" for before, after in sorted(legal))
    op.execute(
        f"""
        CREATE TRIGGER steps_moves BEFORE UPDATE OF state ON steps
        FOR EACH ROW
        WHEN (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN ({pairs}))
        EXECUTE FUNCTION refuse('the lifecycle has no such move')
        """
    )


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("tenants_pkey")),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("inspection", JSONB(), nullable=True),
        _written("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("models_pkey")),
        sa.UniqueConstraint("tenant", "digest", "format", name="models_bytes_key"),
    )
    op.create_index(
        "models_page", "models", ["tenant", sa.text("created_at DESC"), sa.text("id DESC")]
    )


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("part_size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        _written("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'completed', 'aborted')", name=op.f("uploads_state")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("uploads_model_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("uploads_pkey")),
    )
    op.create_index(
        "uploads_open", "uploads", ["expires_at"], postgresql_where=sa.text("state = 'open'")
    )


def _parts() -> None:
    op.create_table(
        "parts",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("parts_upload_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("parts_pkey")),
    )


def _samples() -> None:
    op.create_table(
        "samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("arrays", JSONB(), nullable=False),
        _written("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("samples_pkey")),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("jobs", ARRAY(sa.Text()), nullable=False),
        _written("created_at"),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("submissions_pkey")),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("samples", sa.Text(), nullable=True),
        sa.Column("samples_size", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("5"), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.Column("round", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("error", JSONB(), nullable=True),
        sa.Column(
            "cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _written("created_at"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_one_of(JobState), name=op.f("jobs_state")),
        sa.CheckConstraint("priority BETWEEN 0 AND 9", name=op.f("jobs_priority")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("jobs_model_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
    )
    op.create_index("jobs_model", "jobs", ["model_id"])
    op.create_index(
        "jobs_page", "jobs", ["tenant", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    op.create_index(
        "jobs_page_by_state",
        "jobs",
        ["tenant", "state", sa.text("created_at DESC"), sa.text("id DESC")],
    )


def _steps() -> None:
    op.create_table(
        "steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("route", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", JSONB(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("inputs", JSONB(), nullable=True),
        sa.Column("output_digest", sa.Text(), nullable=True),
        sa.Column("output_format", sa.Text(), nullable=True),
        sa.Column("output_size", sa.BigInteger(), nullable=True),
        sa.Column("report", JSONB(), nullable=True),
        sa.Column("fault", JSONB(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("reused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (worker IS NOT NULL AND lease_expires IS NOT NULL)",
            name=op.f("steps_lease"),
        ),
        sa.CheckConstraint(
            "state <> 'ready' OR fingerprint IS NOT NULL", name=op.f("steps_fingerprint")
        ),
        sa.CheckConstraint(_one_of(State), name=op.f("steps_state")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("steps_job_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("steps_pkey")),
        sa.UniqueConstraint("job_id", "round", "route", "position", name="steps_place_key"),
    )
    op.create_index(
        "steps_claim",
        "steps",
        ["queue", sa.text("priority DESC"), "turn", "ready_at", "id"],
        postgresql_where=sa.text("state = 'ready'"),
    )
    op.create_index(
        "steps_flight",
        "steps",
        ["fingerprint"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "steps_leases", "steps", ["lease_expires"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "steps_output",
        "steps",
        ["output_digest"],
        postgresql_where=sa.text("output_digest IS NOT NULL"),
    )
    op.create_index("steps_turns", "steps", ["turn"], postgresql_where=sa.text("state = 'ready'"))
    op.create_index(
        "steps_twins", "steps", ["fingerprint"], postgresql_where=sa.text("state = 'ready'")
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        _written("started_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("fault", JSONB(), nullable=True),
        sa.Column("peak_memory", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["step_id"], ["steps.id"], name=op.f("attempts_step_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("step_id", "number", name=op.f("attempts_pkey")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("events_job_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("events_pkey")),
    )


def _results() -> None:
    op.create_table(
        "results",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("output_digest", sa.Text(), nullable=True),
        sa.Column("output_format", sa.Text(), nullable=True),
        sa.Column("output_size", sa.BigInteger(), nullable=True),
        sa.Column("report", JSONB(), nullable=False),
        _written("created_at"),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("results_pkey")),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("offer", JSONB(), nullable=False),
        _written("started_at"),
        _written("seen_at"),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("workers_pkey")),
    )
