"""Entries: what an archive says that it holds, judged before a byte of it is unpacked."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import UnsafeArchive

RATIO: Final = 1000
FLOOR: Final = 1 << 20  # bytes; below it no ratio is worth a word
MEMBERS: Final = 100_000

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NAME_MAX: Final = 255  # bytes; what common filesystems take
_PATH_MAX: Final = 3072


@dataclass(frozen=True, slots=True)
class Entry:
    """A member. `path` is relative and has no `.` or `..`; sizes are in bytes.

    `packed` is what the member takes up in the archive, or None where members are compressed
    together.
    """

    path: str
    folder: bool
    size: int
    packed: int | None

    def __post_init__(self) -> None:
        if not self.path and not self.folder:
            raise UnsafeArchive("The archive has a file without a name.")

    @property
    def foreign(self) -> bool:
        """Whether a Mac put it beside the files, and it is no part of the model."""
        return is_foreign(self.path)


def is_foreign(path: str) -> bool:
    return path.partition("/")[0] == "__MACOSX"


def checked_path(name: str) -> str:
    """The relative path that a member's name stands for; empty for the root itself.

    Raises:
        UnsafeArchive: it would lead out of the folder, or cannot be a path everywhere.
    """
    if _CONTROL.search(name):
        raise _unsafe(name, "has control characters in its name")
    if "\\" in name:
        raise _unsafe(name, "has a backslash in its name")
    if name.startswith("/") or _DRIVE.match(name):
        raise _unsafe(name, "has an absolute path")
    parts = [part for part in name.rstrip("/").split("/") if part != "."]
    if ".." in parts:
        raise _unsafe(name, "leads out of the folder with '..'")
    if "" in parts and parts != [""]:
        raise _unsafe(name, "has an empty part in its path")
    path = "/".join(parts)
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        raise _unsafe(name, "has a name that is not UTF-8") from None
    if len(encoded) > _PATH_MAX or any(len(part.encode()) > _NAME_MAX for part in parts):
        raise _unsafe(name, "has a name that is too long")
    return path


def check_sizes(entries: Iterable[Entry], packed: int, limit: int) -> None:
    """Hold the sizes that an archive of `packed` bytes claims to the limits.

    Raises:
        UnsafeArchive: more than `limit` bytes, or more than a thousandfold of the archive.
    """
    total = 0
    for entry in entries:
        if entry.packed is not None and swollen(entry.size, entry.packed):
            raise _unsafe(entry.path, f"unpacks to more than {RATIO} times its size")
        total += entry.size
        if total > limit:
            raise UnsafeArchive(f"The archive unpacks to more than {limit} bytes. Send less.")
    if swollen(total, packed):
        raise UnsafeArchive(f"The archive unpacks to more than {RATIO} times its size.")


def check_unique(entries: Iterable[Entry]) -> None:
    """
    Raises:
        UnsafeArchive: two members have the same path.
    """
    seen: set[str] = set()
    for entry in entries:
        if entry.path in seen and not entry.folder:
            raise _unsafe(entry.path, "is there twice")
        seen.add(entry.path)


def check_tree(entries: Iterable[Entry]) -> None:
    """
    Raises:
        UnsafeArchive: two members would lie in the same place on some filesystem.
    """
    taken: dict[str, tuple[str, bool]] = {}
    for entry in entries:
        parts = entry.path.split("/")
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            folder = entry.folder or depth < len(parts)
            there = taken.setdefault(_folded(path), (path, folder))
            if there != (path, folder):
                raise _unsafe(entry.path, f"lies in the same place as {there[0]!r}")


def swollen(size: int, packed: int) -> bool:
    """Whether `size` bytes are suspiciously many to have come out of `packed`."""
    return size > FLOOR and size > RATIO * packed


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _unsafe(name: str, fault: str) -> UnsafeArchive:
    return UnsafeArchive(f"The archive's member {name!r} {fault}. Pack the model's files only.")
