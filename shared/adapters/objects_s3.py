"""Objects in a bucket of S3 or of a server that speaks its protocol."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

import obstore

from shared.adapters.blobs import (
    CHUNK,
    STAGING,
    Blobs,
    Hashed,
    answering,
    held_to,
    object_key,
    part_key,
)
from shared.adapters.buckets import open_bucket
from shared.domain.errors import NotFound, PartMissing

_PART: Final = 8 << 20  # S3 takes 10,000 parts: objects of up to 80 GB
_AT_ONCE: Final = 2


class S3Objects(Blobs):
    """An ObjectStore in a bucket, where an object appears whole or not at all.

    An upload in parts that the process did not live to finish is invisible, and takes room until
    the bucket's lifecycle rule for incomplete multipart uploads removes it.
    """

    def __init__(self, url: str, *, sign: bool) -> None:
        """
        Args:
            url: `s3://bucket/prefix`; the rest comes from AWS_* variables.
            sign: whether `signed_url` gives any.
        """
        self._sign = sign
        self._bucket = open_bucket(url)
        super().__init__(self._bucket)

    def put(self, source: Path) -> tuple[str, int]:
        hashed = Hashed(_file_chunks(source))
        for _ in hashed:
            pass
        self._keep(hashed.digest, _file_chunks(source))
        return hashed.digest, hashed.size

    def stage(self, upload: str, number: int, chunks: Iterable[bytes]) -> tuple[str, int]:
        hashed = Hashed(chunks)
        self._write(part_key(upload, number), hashed)
        return hashed.digest, hashed.size

    def join(
        self, upload: str, numbers: Sequence[int], accept: Callable[[str, int, BinaryIO], Any]
    ) -> tuple[str, int]:
        listed = {path: size for path, size, _ in self._staged(f"{STAGING}/{upload}/")}
        pieces = [
            (key, listed.get(key) or self._part_size(key, number))
            for number, key in ((number, part_key(upload, number)) for number in numbers)
        ]
        hashed = Hashed(self._joined(pieces))
        for _ in hashed:
            pass
        accept(hashed.digest, hashed.size, self.reader(pieces))
        self._keep(hashed.digest, self._joined(pieces))
        return hashed.digest, hashed.size

    def unstage(self, upload: str) -> None:
        self._forget([path for path, _, _ in self._staged(f"{STAGING}/{upload}/")])

    def tidy(self, age: timedelta) -> None:
        oldest = datetime.now(UTC) - age
        self._forget([path for path, _, at in self._staged(f"{STAGING}/") if at < oldest])

    def signed_url(self, digest: str, filename: str, expires: timedelta) -> str | None:  # noqa: ARG002 - obstore signs a path and nothing else
        if not self._sign:
            return None
        with answering():
            return obstore.sign(self._bucket, "GET", object_key(digest), expires)

    def check(self) -> None:
        with answering():
            next(iter(obstore.list(self.client, prefix=STAGING, chunk_size=1)), None)

    def _part_size(self, key: str, number: int) -> int:
        """Asked by name: some servers list a new part a moment late."""
        try:
            with answering():
                return int(obstore.head(self.client, key)["size"])
        except NotFound:
            raise PartMissing(f"Part {number} is missing. Send it again.") from None

    def _keep(self, digest: str, chunks: Iterator[bytes]) -> None:
        """Write an object once; the bytes are held to the digest on their way."""
        try:
            self.size(digest)
        except NotFound:
            self._write(object_key(digest), held_to(digest, chunks))

    def _write(self, key: str, chunks: Iterable[bytes]) -> None:
        hashed = chunks if isinstance(chunks, Hashed) else Hashed(chunks)
        try:
            with answering():
                obstore.put(self.client, key, hashed, chunk_size=_PART, max_concurrency=_AT_ONCE)
        except Exception:
            if hashed.error is not None:
                raise hashed.error from None
            raise

    def _joined(self, pieces: Sequence[tuple[str, int]]) -> Iterator[bytes]:
        return _ahead(chain.from_iterable(self.chunks(key, 0, size) for key, size in pieces))

    def _staged(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        with answering():
            for batch in obstore.list(self.client, prefix=prefix):
                for meta in batch:
                    yield meta["path"], meta["size"], meta["last_modified"]

    def _forget(self, keys: list[str]) -> None:
        if keys:
            with answering():
                obstore.delete(self.client, keys)


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the next chunk while the last one is in use.

    In a thread also because obstore panics when it is called from an iterator that it drives.
    """
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = reader.submit(next, chunks, None)
            yield chunk


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as reader:
        while chunk := reader.read(CHUNK):
            yield chunk
