"""The tables, as SQLAlchemy sees them. Alembic's migrations write the same."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.domain.jobs import JobState
from shared.domain.lifecycle import State

NAMING = {
    "ix": "%(table_name)s_%(column_0_name)s",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def _one_of(column: str, values: type[State] | type[JobState]) -> str:
    return f"{column} IN ({', '.join(repr(each.value) for each in values)})"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as it stands
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(none_as_null=True),
        list[str]: ARRAY(Text),
        str: Text,
        int: BigInteger,
        float: Double,
    }


class TenantRow(Base):
    """`turn` is the start tag of the tenant's last job: start-time fair queueing."""

    __tablename__ = "tenants"

    name: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(server_default=text("0"))


class ModelRow(Base):
    __tablename__ = "models"
    __table_args__ = (
        UniqueConstraint("tenant", "digest", "format", name="models_bytes_key"),
        Index("models_page", "tenant", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant: Mapped[str]
    digest: Mapped[str]
    format: Mapped[str]
    name: Mapped[str]
    size: Mapped[int]
    inspection: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UploadRow(Base):
    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'completed', 'aborted')", name="state"),
        Index("uploads_open", "expires_at", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant: Mapped[str]
    name: Mapped[str]
    size: Mapped[int]
    digest: Mapped[str | None]
    format: Mapped[str | None]
    part_size: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    model_id: Mapped[UUID | None] = mapped_column(ForeignKey("models.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class PartRow(Base):
    __tablename__ = "parts"

    upload_id: Mapped[UUID] = mapped_column(
        ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int]
    digest: Mapped[str]


class SampleRow(Base):
    """A user's .npz of inputs. `arrays`: name, dtype and shape of each, read from its header."""

    __tablename__ = "samples"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant: Mapped[str]
    digest: Mapped[str]
    size: Mapped[int]
    arrays: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SubmissionRow(Base):
    """What an Idempotency-Key stands for."""

    __tablename__ = "submissions"

    tenant: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]  # digest of the request's meaning
    jobs: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class JobRow(Base):
    """`state` is the fold over the steps, kept by the transaction that moves one of them.

    `number` is its place among the jobs of its `request`; `extras` are further models.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(_one_of("state", JobState), name="state"),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        Index("jobs_page", "tenant", text("created_at DESC"), text("id DESC")),
        Index("jobs_page_by_state", "tenant", "state", text("created_at DESC"), text("id DESC")),
        Index("jobs_model", "model_id"),
        Index("jobs_request", "tenant", "request", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    request: Mapped[UUID]
    number: Mapped[int] = mapped_column(server_default=text("0"))
    tenant: Mapped[str]
    model_id: Mapped[UUID] = mapped_column(ForeignKey("models.id"))
    source: Mapped[str]
    target: Mapped[str]
    options: Mapped[dict[str, Any]]
    samples: Mapped[str | None]  # digest of the user's .npz
    samples_size: Mapped[int | None]
    extras: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    priority: Mapped[int] = mapped_column(server_default=text("5"))
    turn: Mapped[int]
    plan: Mapped[dict[str, Any]]
    round: Mapped[int] = mapped_column(server_default=text("1"))
    state: Mapped[str] = mapped_column(server_default=text("'queued'"))
    proof: Mapped[str | None]
    error: Mapped[dict[str, Any] | None]
    cancel_requested: Mapped[bool] = mapped_column(server_default=text("false"))
    last_seq: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StepRow(Base):
    """The unit that is claimed, leased, retried and cached.

    `needs` is the class that it waits in (`shared.adapters.classes`). `tied`: what it writes is
    good for one kind of GPU; `gpu` is that kind, as long as it runs and when it is done.
    """

    __tablename__ = "steps"
    __table_args__ = (
        UniqueConstraint("job_id", "round", "route", "position", name="steps_place_key"),
        CheckConstraint(_one_of("state", State), name="state"),
        CheckConstraint(
            "(state = 'running') = (worker IS NOT NULL AND lease_expires IS NOT NULL)",
            name="lease",
        ),
        CheckConstraint("state <> 'ready' OR fingerprint IS NOT NULL", name="fingerprint"),
        Index(
            "steps_claim",
            "queue",
            "needs",
            text("priority DESC"),
            "turn",
            "ready_at",
            "id",
            postgresql_where=text("state = 'ready'"),
        ),
        Index("steps_turns", "queue", "needs", "turn", postgresql_where=text("state = 'ready'")),
        Index("steps_leases", "lease_expires", postgresql_where=text("state = 'running'")),
        Index(
            "steps_flight",
            "fingerprint",
            "gpu",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        Index("steps_twins", "fingerprint", postgresql_where=text("state = 'ready'")),
        Index("steps_output", "output_digest", postgresql_where=text("output_digest IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    round: Mapped[int]
    route: Mapped[int]
    position: Mapped[int]
    kind: Mapped[str]
    action: Mapped[dict[str, Any]]
    capability: Mapped[str]
    queue: Mapped[str]
    needs: Mapped[str] = mapped_column(server_default=text("'{}'"))
    tied: Mapped[bool] = mapped_column(server_default=text("false"))
    gpu: Mapped[str] = mapped_column(server_default=text("''"))
    priority: Mapped[int]
    turn: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    worker: Mapped[str | None]
    lease_expires: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    fingerprint: Mapped[str | None]
    inputs: Mapped[dict[str, Any] | None]  # role -> Artifact, known when the step is ready
    output_digest: Mapped[str | None]
    output_format: Mapped[str | None]
    output_size: Mapped[int | None]
    report: Mapped[dict[str, Any] | None]
    fault: Mapped[dict[str, Any] | None]
    progress: Mapped[float | None]
    message: Mapped[str | None]
    reused: Mapped[bool] = mapped_column(server_default=text("false"))
    ready_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class AttemptRow(Base):
    __tablename__ = "attempts"

    step_id: Mapped[UUID] = mapped_column(
        ForeignKey("steps.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    worker: Mapped[str]
    gpu: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    fault: Mapped[dict[str, Any] | None]
    peak_memory: Mapped[int | None]
    seconds: Mapped[float | None]


class EventRow(Base):
    """Append-only (a trigger refuses UPDATE). `seq` counts within the job, without gaps."""

    __tablename__ = "events"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_id: Mapped[UUID | None]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class ResultRow(Base):
    """What a step with this fingerprint wrote: the cache.

    `gpu` is the kind that it is tied to, or nothing; `device` is what it was written on.
    """

    __tablename__ = "results"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    gpu: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))
    device: Mapped[dict[str, Any] | None]
    output_digest: Mapped[str | None]
    output_format: Mapped[str | None]
    output_size: Mapped[int | None]
    report: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WorkerRow(Base):
    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    offer: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stopped_at: Mapped[datetime | None]
