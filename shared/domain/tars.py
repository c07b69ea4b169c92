"""Tars: gzipped ones, read once from front to back with suspicion."""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from typing_extensions import Buffer, override

from shared.domain.entries import MEMBERS, Entry, checked_path, swollen
from shared.domain.errors import TruncatedFile, UnsafeArchive

MAGIC: Final = b"\x1f\x8b"
CHUNK: Final = 1 << 20

_PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
_HEADER_MAX: Final = 1 << 20
_OVERHEAD: Final = 64 << 20  # headers and padding on top of the members' own bytes


class _Header(tarfile.TarInfo):
    """A header whose extensions (long names, pax records) are read only where they are small."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type not in {*_PLAIN, tarfile.DIRTYPE} and self.size > _HEADER_MAX:
            raise UnsafeArchive(f"The tar's member {self.name!r} has an enormous header.")
        inherited: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]  # not in typeshed; CPython calls it the hook for subclasses
        return inherited


class _Counted(io.RawIOBase):
    """What comes out of the gzip, held to the limits while it comes."""

    def __init__(self, reader: BinaryIO, limit: int) -> None:
        self._packed = reader.seek(0, os.SEEK_END)
        reader.seek(0)
        self._inner = gzip.GzipFile(fileobj=reader, mode="rb")
        self._limit = limit
        self._count = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        data = self._inner.read(len(view))
        view[: len(data)] = data
        self._count += len(data)
        if self._count > self._limit + _OVERHEAD:
            raise UnsafeArchive(f"The archive unpacks to more than {self._limit} bytes.")
        if swollen(self._count, self._packed):
            raise UnsafeArchive("The archive unpacks to more than 1000 times its size.")
        return len(data)


def members(reader: BinaryIO, limit: int) -> Iterator[tuple[Entry, Iterator[bytes]]]:
    """Each member and its bytes, to be read before the next one is asked for.

    Args:
        reader: a seekable gzipped tar; stays the caller's.
        limit: bytes that all members together may unpack to.

    Raises:
        TruncatedFile: bytes are missing.
        UnsafeArchive: a member is none that a model's file needs.
    """
    with _guarded():
        counted = _Counted(reader, limit)
        total = number = 0
        with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Header) as archive:
            for info in archive:
                number += 1
                total += info.size
                if number > MEMBERS:
                    raise UnsafeArchive(f"The tar has more than {MEMBERS} members.")
                if total > limit:
                    raise UnsafeArchive(f"The archive unpacks to more than {limit} bytes.")
                entry = _entry(info)
                if entry.path:
                    yield entry, _chunks(archive, info)
            _drain(archive)
        while rest := counted.read(CHUNK):
            _check_padding(rest)


def entries(reader: BinaryIO, limit: int) -> tuple[Entry, ...]:
    """The whole directory, which takes unpacking all of it once. Raises as `members`."""
    found = []
    for entry, chunks in members(reader, limit):
        for _ in chunks:
            pass
        found.append(entry)
    return tuple(found)


def _entry(info: tarfile.TarInfo) -> Entry:
    name = info.name
    if info.issym() or info.islnk():
        raise UnsafeArchive(f"The tar's member {name!r} is a link. Pack plain files only.")
    if not (info.isdir() or info.type in _PLAIN) or info.issparse():
        raise UnsafeArchive(f"The tar's member {name!r} is a special file. Pack plain files only.")
    return Entry(checked_path(name), info.isdir(), info.size, None)


def _chunks(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    if info.isdir():
        return
    member = archive.extractfile(info)
    if member is None:
        raise UnsafeArchive(f"The tar's member {info.name!r} has no content.")
    with _guarded():
        left = info.size
        while left:
            chunk = member.read(min(left, CHUNK))
            if not chunk:
                raise TruncatedFile(f"The tar ends within its member {info.name!r}.")
            left -= len(chunk)
            yield chunk


def _drain(archive: tarfile.TarFile) -> None:
    """After the last member there is padding only, else something was not understood."""
    stream = archive.fileobj
    while stream is not None and (rest := stream.read(CHUNK)):
        _check_padding(rest)


def _check_padding(rest: bytes) -> None:
    if rest.strip(b"\0"):
        raise TruncatedFile("The tar is damaged: what follows its last member is no tar.")


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise TruncatedFile("The archive ends too early. Send the whole file again.") from error
    except tarfile.ReadError as error:
        if "unexpected end" in str(error):
            raise TruncatedFile("The tar ends too early. Send the whole file again.") from error
        raise UnsafeArchive(f"The file is no gzipped tar ({error}).") from error
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError) as error:
        raise UnsafeArchive(
            f"The archive is damaged ({error}). Write it anew and send it again."
        ) from error
