"""Uploads: models and samples on their way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.domain.views import ArrayView, ModelView, PartView, SamplesView, UploadView


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload as it is kept.

    `digest` and `format` are what the uploader said, if anything; `model` is what came of it.
    """

    view: UploadView
    digest: str | None
    format: str | None
    model: ModelView | None


class UploadStore(Protocol):
    """The door to uploads, and to the models and samples that come of them.

    A tenant sees its own only: others are NotFound.
    """

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
    ) -> UploadView: ...

    def find(self, tenant: str, upload_id: str, *, parts: bool = True) -> OpenUpload:
        """The upload; its many parts only where they are asked for."""
        ...

    def add_part(self, tenant: str, upload_id: str, part: PartView) -> None:
        """Record a part; the same number again replaces it.

        Raises:
            UploadClosed: the upload is not open, or no longer.
        """
        ...

    def complete(
        self, tenant: str, upload_id: str, *, digest: str, format: str, size: int
    ) -> tuple[ModelView, bool]:
        """Make the model, or find the one of the same bytes (False), and close the upload.

        An upload that another call has completed meanwhile gives its model again (False).

        Raises:
            UploadClosed: the upload was aborted.
        """
        ...

    def keep_samples(
        self, tenant: str, upload_id: str, *, digest: str, size: int, arrays: Sequence[ArrayView]
    ) -> SamplesView:
        """Make the samples of an upload, and close it.

        Raises:
            UploadClosed: it took longer than an upload may.
        """
        ...

    def abort(self, tenant: str, upload_id: str) -> None:
        """
        Raises:
            UploadClosed: the upload is completed. One that was aborted stays so.
        """
        ...

    def expire(self, limit: int) -> Sequence[str]:
        """Abort open uploads whose time is up; their ids."""
        ...
