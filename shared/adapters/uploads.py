"""Uploads: their rows and those of their parts, and what comes of them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from typing_extensions import override

from shared.adapters.database import Database
from shared.adapters.models import model_view
from shared.adapters.names import nowhere, uuid_of
from shared.adapters.tables import ModelRow, PartRow, SampleRow, UploadRow
from shared.domain.errors import UploadClosed
from shared.domain.views import ArrayView, ModelView, PartView, SamplesView, UploadView
from shared.ports import OpenUpload, UploadStore

_OPEN: Final = "open"
_COMPLETED: Final = "completed"
_ABORTED: Final = "aborted"


class UploadRows(UploadStore):
    """The uploads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def open(
        self,
        tenant: str,
        *,
        name: str,
        size: int,
        digest: str | None,
        format: str | None,
        part_size: int,
        ttl: timedelta,
    ) -> UploadView:
        row = UploadRow(
            tenant=tenant,
            name=name,
            size=size,
            digest=digest,
            format=format,
            part_size=part_size,
            expires_at=func.now() + ttl,
        )
        with self._database.begin() as session:
            session.add(row)
            session.flush()
            session.refresh(row)
            return _view(row, ())

    @override
    def find(self, tenant: str, upload_id: str, *, parts: bool = True) -> OpenUpload:
        with self._database.begin() as session:
            row = _owned(session, tenant, upload_id)
            model = session.get(ModelRow, row.model_id) if row.model_id else None
            listed = _parts(session, row.id) if parts else ()
        return OpenUpload(
            _view(row, listed), row.digest, row.format, model_view(model) if model else None
        )

    @override
    def add_part(self, tenant: str, upload_id: str, part: PartView) -> None:
        content = {"size": part.size, "digest": part.digest}
        with self._database.begin() as session:
            # Shared: parts may come at once, but not while the upload is being closed.
            row = _owned(session, tenant, upload_id, lock={"read": True})
            _check_open(row)
            added = insert(PartRow).values(upload_id=row.id, number=part.number, **content)
            session.execute(
                added.on_conflict_do_update(
                    index_elements=[PartRow.upload_id, PartRow.number], set_=content
                )
            )

    @override
    def complete(
        self, tenant: str, upload_id: str, *, digest: str, format: str, size: int
    ) -> tuple[ModelView, bool]:
        with self._database.begin() as session:
            upload = _owned(session, tenant, upload_id, lock={})
            if upload.model_id is not None:
                return model_view(session.get_one(ModelRow, upload.model_id)), False
            _check_open(upload)
            added = insert(ModelRow).values(
                tenant=tenant, digest=digest, format=format, name=upload.name, size=size
            )
            new = session.scalar(
                added.on_conflict_do_nothing(constraint="models_bytes_key").returning(ModelRow.id)
            )
            same = select(ModelRow).where(
                ModelRow.tenant == tenant, ModelRow.digest == digest, ModelRow.format == format
            )
            model = session.scalars(same).one()
            upload.state, upload.model_id, upload.size = _COMPLETED, model.id, size
            return model_view(model), new is not None

    @override
    def keep_samples(
        self, tenant: str, upload_id: str, *, digest: str, size: int, arrays: Sequence[ArrayView]
    ) -> SamplesView:
        row = SampleRow(
            tenant=tenant,
            digest=digest,
            size=size,
            arrays=[each.model_dump(mode="json") for each in arrays],
        )
        with self._database.begin() as session:
            upload = _owned(session, tenant, upload_id, lock={})
            _check_open(upload)
            upload.state, upload.size = _COMPLETED, size
            session.add(row)
            session.flush()
            return SamplesView(id=str(row.id), digest=digest, size=size, arrays=tuple(arrays))

    @override
    def abort(self, tenant: str, upload_id: str) -> None:
        with self._database.begin() as session:
            row = _owned(session, tenant, upload_id, lock={})
            if row.state == _COMPLETED:
                raise UploadClosed("The upload is completed and can no longer be given up.")
            row.state = _ABORTED

    @override
    def expire(self, limit: int) -> Sequence[str]:
        late = (
            select(UploadRow.id)
            .where(UploadRow.state == _OPEN, UploadRow.expires_at < func.now())
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        aborted = update(UploadRow).where(UploadRow.id.in_(late.scalar_subquery()))
        with self._database.begin() as session:
            ids = session.scalars(aborted.values(state=_ABORTED).returning(UploadRow.id)).all()
        return [str(each) for each in ids]


def _owned(
    session: Session, tenant: str, upload_id: str, lock: dict[str, Any] | None = None
) -> UploadRow:
    wanted = uuid_of(upload_id, "upload", "upload_id")
    query = select(UploadRow).where(UploadRow.id == wanted, UploadRow.tenant == tenant)
    if lock is not None:
        query = query.with_for_update(**lock)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise nowhere(upload_id, "upload", "upload_id")
    return row


def _check_open(row: UploadRow) -> None:
    if row.state != _OPEN:
        raise UploadClosed(f"The upload is {row.state}. Open a new one.")


def _parts(session: Session, upload: UUID) -> tuple[PartView, ...]:
    query = select(PartRow).where(PartRow.upload_id == upload).order_by(PartRow.number)
    return tuple(
        PartView(number=row.number, size=row.size, digest=row.digest)
        for row in session.scalars(query)
    )


def _view(row: UploadRow, parts: tuple[PartView, ...]) -> UploadView:
    return UploadView.model_validate(
        {
            "id": str(row.id),
            "name": row.name,
            "size": row.size,
            "part_size": row.part_size,
            "state": row.state,
            "parts": parts,
            "model_id": str(row.model_id) if row.model_id else None,
            "expires_at": row.expires_at,
        }
    )
