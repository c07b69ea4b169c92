"""Uploads: bytes come in parts, are held to what was announced, and become a model."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import BinaryIO, Final, TypeVar

from shared.domain.artifacts import DIGEST
from shared.domain.bodies import Body
from shared.domain.errors import (
    BadUpload,
    DatabaseAway,
    DigestMismatch,
    EmptyFile,
    InvalidSchema,
    PartMissing,
    StoreAway,
    TooLarge,
    UploadClosed,
)
from shared.domain.npz import read_arrays
from shared.domain.recognition import known_format, recognise
from shared.domain.views import ModelView, PartView, SamplesView, UploadView
from shared.ports import Doorbell, ObjectStore, OpenUpload, UploadStore

BATCH: Final = 100
SHOWN: Final = 20
TIDY_EVERY: Final = 600  # seconds; it lists everything that is staged
NAME_MAX: Final = 255

T = TypeVar("T")
Judge = Callable[[str, int, BinaryIO], T]
"""Given a file's digest, size and reader, what it is; or raises."""


class Uploads:
    """Take models and samples in."""

    def __init__(
        self,
        uploads: UploadStore,
        store: ObjectStore,
        doorbell: Doorbell,
        *,
        max_upload: int,
        part_size: int,
        ttl: timedelta,
    ) -> None:
        """
        Args:
            max_upload: bytes of the largest file taken.
            part_size: bytes of every part but the last.
            ttl: how long an upload may stay open.
        """
        self._uploads = uploads
        self._store = store
        self._doorbell = doorbell
        self._max_upload = max_upload
        self._part_size = part_size
        self._ttl = ttl
        self._tidy_at = 0.0

    def open(
        self, tenant: str, *, name: str, size: int, digest: str | None, format: str | None
    ) -> UploadView:
        """Begin an upload in parts.

        Raises:
            EmptyFile, TooLarge: by the announced `size`, in bytes.
            UnknownFormat: there is no such format.
            InvalidSchema: the name or the digest is none.
            BrokerAway: nothing could be done with the model.
        """
        if size < 1:
            raise EmptyFile("The file is empty. Send the model's file itself.", field="size")
        if size > self._max_upload:
            raise self._too_large()
        if digest is not None and not DIGEST.fullmatch(digest):
            raise InvalidSchema("A digest is 'sha256:' and 64 hexadecimal digits.", field="digest")
        self._doorbell.check()
        return self._begin(tenant, name, size, digest, format)

    def put_part(
        self, tenant: str, upload_id: str, number: int, chunks: Iterable[bytes], digest: str | None
    ) -> PartView:
        """Keep a part; the same number again replaces it.

        Raises:
            BadUpload: it has another size than its number calls for, or the number is too high.
            DigestMismatch: its bytes are not those of `digest`. Nothing of it is kept.
            UploadClosed: the upload is completed, aborted or expired.
        """
        view = self._still_open(tenant, upload_id, parts=False).view
        expected = _size_of_part(view, number)
        found, size = self._store.stage(view.id, number, _held_to(chunks, expected, digest))
        part = PartView(number=number, size=size, digest=found)
        try:
            self._uploads.add_part(tenant, view.id, part)
        except UploadClosed:
            self._store.unstage(view.id)
            raise
        return part

    def show(self, tenant: str, upload_id: str) -> UploadView:
        return self._uploads.find(tenant, upload_id).view

    def complete(self, tenant: str, upload_id: str) -> tuple[ModelView, bool]:
        """Join the parts into a model; again, the same model.

        Returns:
            The model, and whether it is new: equal bytes of the same format are one model.

        Raises:
            PartMissing: names the parts that have not come.
            BadUpload: the file is not what was announced, or no model; the upload is aborted.
            UploadClosed: the upload is aborted or expired.
        """
        upload = self._uploads.find(tenant, upload_id)
        if upload.model is not None:
            return upload.model, False
        self._check_open(upload.view)
        numbers = range(1, _part_count(upload.view) + 1)
        missing = sorted(set(numbers) - {part.number for part in upload.view.parts})
        if missing:
            raise PartMissing(_missing(missing))
        try:
            with self._given_up_when(BadUpload, tenant, upload.view.id):
                return self._make_model(tenant, upload, numbers)
        except (PartMissing, UploadClosed):
            # Another call may have completed the upload, and cleared its parts, meanwhile.
            upload = self._uploads.find(tenant, upload_id, parts=False)
            if upload.model is None:
                raise
            return upload.model, False

    def abort(self, tenant: str, upload_id: str) -> None:
        """Give an upload up, and forget its parts.

        Raises:
            UploadClosed: it is completed.
        """
        view = self._uploads.find(tenant, upload_id, parts=False).view
        self._uploads.abort(tenant, view.id)
        self._store.unstage(view.id)

    def receive(
        self, tenant: str, *, name: str, format: str | None, chunks: Iterable[bytes]
    ) -> tuple[ModelView, bool]:
        """Take a model in one go. Returns and raises as `complete`, and TooLarge."""
        view = self._begin(tenant, name, 0, None, format)
        with self._given_up_when(Exception, tenant, view.id):
            numbers = self._stage_all(view, chunks)
            return self._make_model(tenant, OpenUpload(view, None, format, None), numbers)

    def receive_samples(self, tenant: str, chunks: Iterable[bytes]) -> SamplesView:
        """Take an .npz of inputs for verification.

        Raises:
            BadSamples: it is no .npz of numbers.
            BadUpload: its zip is at fault.
            TooLarge: it is larger than a model may be.
        """
        view = self._begin(tenant, "samples.npz", 0, None, None)
        with self._given_up_when(Exception, tenant, view.id):
            numbers = self._stage_all(view, chunks)
            digest, size, arrays = self._join(
                view.id, numbers, lambda _digest, _size, file: read_arrays(file, self._max_upload)
            )
            samples = self._uploads.keep_samples(
                tenant, view.id, digest=digest, size=size, arrays=arrays
            )
        self._forget(view.id)
        return samples

    def drop_expired(self) -> int:
        """Abort uploads whose time is up, and forget parts that nobody owns; how many."""
        expired = self._uploads.expire(BATCH)
        for upload_id in expired:
            self._store.unstage(upload_id)
        if monotonic() >= self._tidy_at:
            self._tidy_at = monotonic() + TIDY_EVERY
            self._store.tidy(2 * self._ttl)
        return len(expired)

    def _begin(
        self, tenant: str, name: str, size: int, digest: str | None, format: str | None
    ) -> UploadView:
        if format is not None:
            known_format(format)
        return self._uploads.open(
            tenant,
            name=_file_name(name),
            size=size,
            digest=digest,
            format=format,
            part_size=self._part_size,
            ttl=self._ttl,
        )

    def _make_model(
        self, tenant: str, upload: OpenUpload, numbers: Sequence[int]
    ) -> tuple[ModelView, bool]:
        def judge(digest: str, _size: int, file: BinaryIO) -> str:
            if upload.digest is not None and upload.digest != digest:
                raise DigestMismatch(
                    f"The file has {digest}, not the {upload.digest} that was announced."
                    " Upload it again."
                )
            return recognise(file, said=upload.format, name=upload.view.name).format.name

        digest, size, found = self._join(upload.view.id, numbers, judge)
        made = self._uploads.complete(
            tenant, upload.view.id, digest=digest, format=found, size=size
        )
        self._forget(upload.view.id)
        return made

    def _join(self, upload_id: str, numbers: Sequence[int], judge: Judge[T]) -> tuple[str, int, T]:
        verdicts: list[T] = []
        digest, size = self._store.join(
            upload_id, numbers, lambda *file: verdicts.append(judge(*file))
        )
        return digest, size, verdicts[0]

    def _stage_all(self, view: UploadView, chunks: Iterable[bytes]) -> Sequence[int]:
        """Keep a body of unknown length in parts; their numbers."""
        body = Body(chunks)
        count = 0
        while body.more():
            count += 1
            self._store.stage(view.id, count, self._limited(body, view.part_size))
        if not count:
            raise EmptyFile("The file is empty. Send the file itself.")
        return range(1, count + 1)

    def _limited(self, body: Body, size: int) -> Iterator[bytes]:
        for chunk in body.take(size):
            if body.taken > self._max_upload:
                raise self._too_large()
            yield chunk

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The file is larger than the {self._max_upload} bytes accepted here.")

    def _still_open(self, tenant: str, upload_id: str, *, parts: bool) -> OpenUpload:
        upload = self._uploads.find(tenant, upload_id, parts=parts)
        self._check_open(upload.view)
        return upload

    def _check_open(self, view: UploadView) -> None:
        if view.state != "open":
            raise UploadClosed(f"The upload is {view.state}. Open a new one.")
        if view.expires_at <= datetime.now(UTC):
            raise UploadClosed(f"The upload expired at {view.expires_at}. Open a new one.")

    @contextmanager
    def _given_up_when(self, kind: type[Exception], tenant: str, upload_id: str) -> Iterator[None]:
        try:
            yield
        except kind:
            # What cannot be cleared now is dropped when its time is up.
            with suppress(DatabaseAway, StoreAway, UploadClosed):
                self._uploads.abort(tenant, upload_id)
                self._store.unstage(upload_id)
            raise

    def _forget(self, upload_id: str) -> None:
        with suppress(StoreAway):  # the model is made; what is left of its parts is tidied later
            self._store.unstage(upload_id)


def _part_count(view: UploadView) -> int:
    return -(-view.size // view.part_size)


def _size_of_part(view: UploadView, number: int) -> int:
    count = _part_count(view)
    if not 1 <= number <= count:
        raise BadUpload(f"There is no part {number}: this upload has parts 1 to {count}.")
    return view.part_size if number < count else view.size - (count - 1) * view.part_size


def _held_to(chunks: Iterable[bytes], expected: int, digest: str | None) -> Iterator[bytes]:
    """The chunks; they fail at their end, and so are not kept, unless they were the right ones."""
    sha256 = hashlib.sha256()
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > expected:
            raise BadUpload(f"The part has more than the {expected} bytes that belong into it.")
        sha256.update(chunk)
        yield chunk
    if size != expected:
        raise BadUpload(f"The part has {size} bytes; {expected} belong into it. Send it again.")
    found = f"sha256:{sha256.hexdigest()}"
    if digest is not None and digest != found:
        raise DigestMismatch(f"The part arrived as {found}, not as {digest}. Send it again.")


def _missing(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:SHOWN]))
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f"Missing parts: {named}{more}. Send them, then complete the upload again."


def _file_name(name: str) -> str:
    """The last part of a path, as a name to show; never a path to write to."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()[:NAME_MAX]
    if not shown or shown in {".", ".."}:
        raise InvalidSchema(
            "The file has no name. Give it one such as 'model.keras'.", field="name"
        )
    return shown
