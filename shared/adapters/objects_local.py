"""Objects in a local folder: written beside their place, fsynced, renamed."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from obstore.store import LocalStore
from typing_extensions import override

from shared.adapters.blobs import CHUNK, STAGING, Blobs, filing, object_key, part_key
from shared.domain.errors import NotFound, PartMissing, StoreAway, UploadClosed

_READ_ONLY: Final = 0o444


class LocalObjects(Blobs):
    """An ObjectStore in one folder of one filesystem, where a rename is atomic."""

    def __init__(self, root: Path) -> None:
        with filing():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (root / "objects").mkdir(mode=0o700, exist_ok=True)
            (root / STAGING).mkdir(mode=0o700, exist_ok=True)
        super().__init__(LocalStore(root))
        self._root = root

    def put(self, source: Path) -> tuple[str, int]:
        with (
            filing(),
            source.open("rb") as reader,
            self._draft(f"put-{secrets.token_hex(8)}") as draft,
        ):
            for chunk in _file_chunks(reader):
                draft.write(chunk)
            return self._keep(draft)

    def stage(self, upload: str, number: int, chunks: Iterable[bytes]) -> tuple[str, int]:
        with self._draft(upload) as draft:
            for chunk in chunks:
                draft.write(chunk)
            draft.publish(self._root / part_key(upload, number))
            return draft.digest, draft.size

    def join(
        self, upload: str, numbers: Sequence[int], accept: Callable[[str, int, BinaryIO], Any]
    ) -> tuple[str, int]:
        with self._draft(upload) as draft:
            for number in numbers:
                self._append(draft, upload, number)
            with draft.reader() as reader:
                accept(draft.digest, draft.size, reader)
            return self._keep(draft)

    def unstage(self, upload: str) -> None:
        staging = self._root / STAGING
        gone = staging / f"gone-{secrets.token_hex(8)}"
        with filing(), suppress(FileNotFoundError):
            (staging / upload).rename(gone)  # out of the way of those who still write to it
            shutil.rmtree(gone)

    def tidy(self, age: timedelta) -> None:
        oldest = time.time() - age.total_seconds()
        with filing():
            for folder in (self._root / STAGING).iterdir():
                with suppress(FileNotFoundError):
                    if folder.stat().st_mtime < oldest:
                        shutil.rmtree(folder)

    def signed_url(self, digest: str, filename: str, expires: timedelta) -> str | None:  # noqa: ARG002 - a folder signs nothing
        return None

    def check(self) -> None:
        for folder in ("objects", STAGING):
            if not os.access(self._root / folder, os.W_OK | os.X_OK):
                raise StoreAway(f"The store's folder {self._root} is missing or read-only.")

    @override
    def size(self, digest: str) -> int:
        try:
            return super().size(digest)
        except NotFound:
            self.check()  # a disk that is not mounted holds nothing, and that is another matter
            raise

    @override
    def open(self, digest: str) -> BinaryIO:
        self.size(digest)
        with filing():
            return (self._root / object_key(digest)).open("rb")

    @override
    def chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        with filing(), (self._root / key).open("rb") as file:
            file.seek(start)
            while start < end and (chunk := file.read(min(CHUNK, end - start))):
                start += len(chunk)
                yield chunk

    def _append(self, draft: "_Draft", upload: str, number: int) -> None:
        try:
            part = (self._root / part_key(upload, number)).open("rb")
        except FileNotFoundError:
            self.check()
            raise PartMissing(f"Part {number} is missing. Send it again.") from None
        with part:
            for chunk in _file_chunks(part):
                draft.write(chunk)

    def _keep(self, draft: "_Draft") -> tuple[str, int]:
        target = self._root / object_key(draft.digest)
        if not target.exists():
            with filing():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.publish(target)
        return draft.digest, draft.size

    @contextmanager
    def _draft(self, upload: str) -> Iterator["_Draft"]:
        folder = self._root / STAGING / upload
        with filing():
            draft = _begun(folder)
        try:
            yield draft
        finally:
            draft.discard()
            with suppress(OSError):  # it holds parts still
                folder.rmdir()


class _Draft:
    """A file under a temporary name; gone unless it is published."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=CHUNK)
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def write(self, chunk: bytes) -> None:
        with filing():
            self._file.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def reader(self) -> BinaryIO:
        with filing(), _unless_unstaged():
            self._file.flush()
            return self._path.open("rb")

    def publish(self, target: Path) -> None:
        with filing():
            self._file.flush()
            os.fsync(self._file.fileno())
            os.fchmod(self._file.fileno(), _READ_ONLY)
            with _unless_unstaged():
                self._path.replace(target)
            _sync_folder(target.parent)

    def discard(self) -> None:
        with suppress(OSError):  # what could not be written is thrown away with the rest
            self._file.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def _unless_unstaged() -> Iterator[None]:
    """A draft's folder goes when its upload ends, whoever still writes in it."""
    try:
        yield
    except FileNotFoundError:
        raise UploadClosed("The upload was ended while this was being sent.") from None


def _begun(folder: Path) -> _Draft:
    """A draft in a folder that others may remove as long as it is empty."""
    while True:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            return _Draft(folder / f"draft-{secrets.token_hex(8)}")


def _file_chunks(reader: BinaryIO) -> Iterator[bytes]:
    while chunk := reader.read(CHUNK):
        yield chunk


def _sync_folder(folder: Path) -> None:
    """A rename is lasting only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
