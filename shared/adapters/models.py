"""Models, samples and artifacts: what a tenant has."""

from collections.abc import Sequence

from sqlalchemy import select, tuple_
from typing_extensions import override

from shared.adapters import cursors
from shared.adapters.database import Database
from shared.adapters.names import filename, nowhere, uuid_of
from shared.adapters.tables import JobRow, ModelRow, SampleRow, StepRow
from shared.domain.artifacts import DIGEST, Artifact
from shared.domain.pages import Page
from shared.domain.signatures import Inspection
from shared.domain.views import ArrayView, ModelView, SamplesView
from shared.ports import ModelStore


class Models(ModelStore):
    """The models of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def model(self, tenant: str, model_id: str) -> ModelView:
        wanted = uuid_of(model_id, "model", "model_id")
        query = select(ModelRow).where(ModelRow.id == wanted, ModelRow.tenant == tenant)
        with self._database.begin() as session:
            row = session.scalars(query).one_or_none()
        if row is None:
            raise nowhere(model_id, "model", "model_id")
        return model_view(row)

    @override
    def models(
        self, tenant: str, format: str | None, limit: int, cursor: str | None
    ) -> Page[ModelView]:
        query = (
            select(ModelRow)
            .where(ModelRow.tenant == tenant)
            .order_by(ModelRow.created_at.desc(), ModelRow.id.desc())
            .limit(limit + 1)
        )
        if format is not None:
            query = query.where(ModelRow.format == format)
        if cursor is not None:
            query = query.where(tuple_(ModelRow.created_at, ModelRow.id) < cursors.read(cursor))
        with self._database.begin() as session:
            rows = session.scalars(query).all()
        return Page(
            items=tuple(model_view(row) for row in rows[:limit]),
            next_cursor=following(rows, limit),
        )

    @override
    def samples(self, tenant: str, samples_id: str) -> SamplesView:
        wanted = uuid_of(samples_id, "samples", "samples")
        query = select(SampleRow).where(SampleRow.id == wanted, SampleRow.tenant == tenant)
        with self._database.begin() as session:
            row = session.scalars(query).one_or_none()
        if row is None:
            raise nowhere(samples_id, "samples", "samples")
        arrays = tuple(ArrayView.model_validate(each) for each in row.arrays)
        return SamplesView(id=str(row.id), digest=row.digest, size=row.size, arrays=arrays)

    @override
    def artifact(self, tenant: str, digest: str) -> tuple[Artifact, str]:
        if not DIGEST.fullmatch(digest):
            raise nowhere(digest, "artifact")
        written = (
            select(StepRow.output_format, StepRow.output_size, ModelRow.name)
            .join(JobRow, JobRow.id == StepRow.job_id)
            .join(ModelRow, ModelRow.id == JobRow.model_id)
            .where(StepRow.output_digest == digest, JobRow.tenant == tenant)
        )
        sent = select(ModelRow.format, ModelRow.size, ModelRow.name).where(
            ModelRow.tenant == tenant, ModelRow.digest == digest
        )
        with self._database.begin() as session:
            found = session.execute(written.limit(1)).first()
            found = found or session.execute(sent.limit(1)).first()
        if found is None:
            raise nowhere(digest, "artifact")
        kind, size, name = found
        artifact = Artifact.model_validate({"digest": digest, "format": kind, "size": size})
        return artifact, filename(name, artifact.format)


def model_view(row: ModelRow) -> ModelView:
    return ModelView(
        id=str(row.id),
        digest=row.digest,
        format=row.format,
        name=row.name,
        size=row.size,
        created_at=row.created_at,
        inspection=Inspection.model_validate(row.inspection) if row.inspection else None,
    )


def following(rows: Sequence[ModelRow] | Sequence[JobRow], limit: int) -> str | None:
    """The cursor behind the first `limit` rows, if one more was found."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return cursors.write(last.created_at, last.id)
