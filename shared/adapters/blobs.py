"""Blobs: what is the same for every object store: names, reading, and how it fails."""

import errno
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import obstore
from obstore.exceptions import BaseError, GenericError
from obstore.store import LocalStore, S3Store
from typing_extensions import Buffer, override

from shared.domain.artifacts import DIGEST
from shared.domain.errors import FerryError, NotFound, StorageFull, StoreAway

CHUNK: Final = 4 << 20
STAGING: Final = "staging"
PAGES: Final = "pages"

# What obstore says of a server that sends a range with status 200, as rclone's does.
_NO_RANGES: Final = "non-partial response"
_PAGE: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*")
_BUFFER: Final = 1 << 20
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM_WORDS: Final = ("no space left", "storagefull", "storage full", "insufficient storage")


class Blobs:
    """Objects and staged parts behind one client of obstore."""

    def __init__(self, client: LocalStore | S3Store) -> None:
        self.client = client
        self._ranged = True  # until the server shows that it is not

    def size(self, digest: str) -> int:
        with answering():
            return int(obstore.head(self.client, object_key(digest))["size"])

    def read(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        size = self.size(digest)
        return self.chunks(object_key(digest), start, size if end is None else min(end, size))

    def open(self, digest: str) -> BinaryIO:
        return self.reader([(object_key(digest), self.size(digest))])

    def fetch(self, digest: str, target: Path) -> None:
        chunks = held_to(digest, self.read(digest))
        with filing(), target.open("xb") as out:
            try:
                for chunk in chunks:
                    out.write(chunk)
            except BaseException:
                target.unlink()
                raise

    def chunks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes of [start, end), in one request, as they come."""
        if start >= end:
            return
        with answering():
            skip, stream = self._stream(key, start, end)
            left = end - start
            for data in stream:
                chunk = data[skip : skip + left]
                skip = max(0, skip - len(data))
                left -= len(chunk)
                if chunk:
                    yield chunk
                if not left:
                    return
        raise StoreAway(f"The store gave {left} bytes too few.")

    def reader(self, pieces: Sequence[tuple[str, int]]) -> BinaryIO:
        """A seekable reader of several keys, with their sizes in bytes, as one file."""
        return io.BufferedReader(_Ranges(pieces, self._range), _BUFFER)

    def _stream(self, key: str, start: int, end: int) -> tuple[int, Iterable[bytes]]:
        """A stream, and how many of its bytes lie before `start`."""
        if start and self._ranged:
            try:
                result = obstore.get(self.client, key, options={"range": (start, end)})
                return 0, result.stream(CHUNK)
            except GenericError as error:
                if _NO_RANGES not in str(error):
                    raise
                self._ranged = False
        return start, obstore.get(self.client, key).stream(CHUNK)

    def _range(self, key: str, start: int, end: int) -> bytes:
        return b"".join(self.chunks(key, start, end))


class Hashed:
    """Chunks as they pass by: their digest and size so far, and what broke them off."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise
        self._sha256.update(chunk)
        self.size += len(chunk)
        return chunk

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


class _Ranges(io.RawIOBase):
    """Reads only what is asked for, a few MiB at most at a time."""

    def __init__(
        self, pieces: Sequence[tuple[str, int]], fetch: Callable[[str, int, int], bytes]
    ) -> None:
        self._pieces = pieces
        self._fetch = fetch
        self._size = sum(size for _, size in pieces)
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a seek to before the start")
        self._at = base + offset
        return self._at

    @override
    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        start = self._at
        for key, size in self._pieces:
            if start < size:
                data = self._fetch(key, start, min(size, start + len(view), start + CHUNK))
                view[: len(data)] = data
                self._at += len(data)
                return len(data)
            start -= size
        return 0


def held_to(digest: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks, and at their end the proof that they were the right ones.

    Raises:
        StoreAway: they were not.
    """
    hashed = Hashed(chunks)
    yield from hashed
    if hashed.digest != digest:
        raise StoreAway(f"The store holds other bytes than those of {digest}.")


def object_key(digest: str) -> str:
    """
    Raises:
        NotFound: that is no digest.
    """
    if not DIGEST.fullmatch(digest):
        raise NotFound("There is no such object: a digest is 'sha256:' and 64 hex digits.")
    name = digest.removeprefix("sha256:")
    return f"objects/sha256/{name[:2]}/{name}"


def part_key(upload: str, number: int) -> str:
    return f"{STAGING}/{upload}/{number}"


def page_key(name: str) -> str:
    """
    Raises:
        ValueError: no page can have that name.
    """
    if not _PAGE.fullmatch(name):
        message = f"a page is named by small letters, digits, '.', '-' and '/': not {name!r}"
        raise ValueError(message)
    return f"{PAGES}/{name}"


@contextmanager
def answering() -> Iterator[None]:
    """Give the client's failures our names."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such object in the store.") from error
    except BaseError as error:
        raise _named(str(error)) from error


@contextmanager
def filing() -> Iterator[None]:
    """Give the filesystem's failures our names."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("The disk is full. Make room, or try again later.") from error
        raise StoreAway(f"The object store cannot be used: {error.strerror}.") from error


def _named(text: str) -> FerryError:
    if any(words in text.lower() for words in _NO_ROOM_WORDS):
        return StorageFull("The object store is full. Make room, or try again later.")
    return StoreAway(f"The object store does not answer as it should: {text.splitlines()[0]}")
