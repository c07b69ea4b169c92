"""Zips: their directory, read with suspicion.

Format: APPNOTE.TXT 6.3.10, sections 4.3.6 to 4.3.16.
"""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Final

from shared.domain.entries import MEMBERS, Entry, check_sizes, check_unique, checked_path
from shared.domain.errors import TruncatedFile, UnsafeArchive

LOCAL: Final = b"PK\x03\x04"
EMPTY: Final = b"PK\x05\x06"
CHUNK: Final = 1 << 20

_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT_MAX: Final = (1 << 16) - 1
_ENCRYPTED: Final = 0x1
_DIRECTORY_MAX: Final = 64 << 20
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile is known to raise on bytes that are no zip.
_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    ValueError,
    EOFError,
    OverflowError,
    RuntimeError,
    KeyError,
    IndexError,
)


class Zip:
    """A zip whose directory is sound: no member leads out, lies over another or is missing."""

    def __init__(self, reader: BinaryIO, limit: int) -> None:
        """
        Args:
            reader: seekable; stays the caller's.
            limit: bytes that all members together may unpack to.

        Raises:
            TruncatedFile: bytes are missing.
            UnsafeArchive: a member is none that a model's file needs.
        """
        packed = reader.seek(0, os.SEEK_END)
        directory = _directory_offset(reader, packed)
        with _guarded():
            self._zip = zipfile.ZipFile(reader)
        infos = self._zip.infolist()
        if len(infos) > MEMBERS:
            raise UnsafeArchive(f"The zip has more than {MEMBERS} members.")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        entries = []
        for info in infos:
            entry = _entry(info)
            if entry.path:
                entries.append(entry)
                self._infos[entry.path] = info
        self.entries: tuple[Entry, ...] = tuple(entries)
        check_unique(self.entries)
        check_sizes(self.entries, packed, limit)
        _check_places(reader, infos, directory)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(entry.path for entry in self.entries if not entry.folder)

    def chunks(self, path: str) -> Iterator[bytes]:
        """A member's bytes, held to the size and checksum that the directory gives.

        Raises:
            TruncatedFile, UnsafeArchive: they are not what the directory says.
        """
        info = self._infos[path]
        left = info.file_size
        with _guarded(path), self._zip.open(info) as member:
            while chunk := member.read(CHUNK):
                left -= len(chunk)
                yield chunk
        if left:
            raise UnsafeArchive(f"The zip's member {path!r} is shorter than the zip says.")

    def read(self, path: str, limit: int) -> bytes:
        """A small member whole.

        Raises:
            UnsafeArchive: it is larger than `limit` bytes, or not what the directory says.
        """
        if self._infos[path].file_size > limit:
            raise UnsafeArchive(f"The zip's member {path!r} is larger than {limit} bytes.")
        return b"".join(self.chunks(path))

    @contextmanager
    def stream(self, path: str, limit: int) -> Iterator[IO[bytes]]:
        """A member as a seekable stream. Raises as `read`, within the block."""
        if self._infos[path].file_size > limit:
            raise UnsafeArchive(f"The zip's member {path!r} is larger than {limit} bytes.")
        with _guarded(path), self._zip.open(self._infos[path]) as member:
            yield member


@contextmanager
def _guarded(member: str | None = None) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        what = "The zip" if member is None else f"The zip's member {member!r}"
        raise UnsafeArchive(
            f"{what} cannot be read ({error}). Write the archive anew and send it again."
        ) from error


def _entry(info: zipfile.ZipInfo) -> Entry:
    name = info.orig_filename
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        what = "a symlink" if kind == stat.S_IFLNK else "a special file"
        raise UnsafeArchive(f"The zip's member {name!r} is {what}. Pack plain files only.")
    if info.flag_bits & _ENCRYPTED:
        raise UnsafeArchive(f"The zip's member {name!r} is encrypted. Pack it without a password.")
    if info.compress_type not in _METHODS:
        raise UnsafeArchive(
            f"The zip's member {name!r} is compressed with method {info.compress_type};"
            " only 'stored' and 'deflate' are read."
        )
    folder = name.endswith("/")
    if folder != (kind == stat.S_IFDIR) and kind != 0:
        raise UnsafeArchive(f"The zip's member {name!r} is a file and a folder at once.")
    if folder and info.file_size:
        raise UnsafeArchive(f"The zip's folder {name!r} has content.")
    return Entry(checked_path(name), folder, info.file_size, info.compress_size)


def _directory_offset(reader: BinaryIO, size: int) -> int:
    """Where the central directory starts, from the record that must end the file."""
    end, length, offset = _end_record(reader, size)
    locator_at = end - _END64_LOCATOR.size
    if locator_at >= 0:
        reader.seek(locator_at)
        locator = _END64_LOCATOR.unpack(reader.read(_END64_LOCATOR.size))
        if locator[0] == b"PK\x06\x07":
            end = locator_at - _END64.size
            if end < 0 or locator[2] != end:
                raise TruncatedFile("The zip's directory is not where the zip says.")
            reader.seek(end)
            record = _END64.unpack(reader.read(_END64.size))
            length, offset = record[8], record[9]
    if length > _DIRECTORY_MAX:
        raise UnsafeArchive("The zip's directory is larger than 64 MiB.")
    if offset + length != end:
        raise TruncatedFile(
            "The zip's directory is not where the zip says: bytes are missing or were added."
            " Send the whole file again."
        )
    return int(offset)


def _end_record(reader: BinaryIO, size: int) -> tuple[int, int, int]:
    """Where the record lies that ends the zip; the directory's length and offset by it."""
    tail_at = max(0, size - _END.size - _COMMENT_MAX)
    reader.seek(tail_at)
    tail = reader.read(size - tail_at)
    at = len(tail) - _END.size
    while at >= 0 and (at := tail.rfind(EMPTY, 0, at + len(EMPTY))) >= 0:
        *_, length, offset, comment = _END.unpack_from(tail, at)
        if at + _END.size + comment == len(tail):
            return tail_at + at, length, offset
        at -= 1
    raise TruncatedFile("The zip ends before its directory. Send the whole file again.")


def _check_places(reader: BinaryIO, infos: list[zipfile.ZipInfo], directory: int) -> None:
    """Each member lies before the directory, and none over another: no bomb of overlaps."""
    free = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        start = info.header_offset
        reader.seek(start)
        header = reader.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(LOCAL):
            raise TruncatedFile(
                f"The zip's member {info.filename!r} is not where the zip says."
                " Send the whole file again."
            )
        *_, name, extra = _LOCAL.unpack(header)
        end = start + _LOCAL.size + name + extra + info.compress_size
        if end > directory:
            raise TruncatedFile(
                f"The zip's member {info.filename!r} goes past the end. Send the whole file again."
            )
        if start < free:
            raise UnsafeArchive(f"The zip's member {info.filename!r} lies over another one.")
        free = end
