"""Archives: a folder as one file, and back without harm."""

import os
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from shared.domain import tars
from shared.domain.entries import Entry, check_tree, check_unique
from shared.domain.errors import UnknownFormat, UnsafeArchive
from shared.domain.zips import EMPTY, LOCAL, Zip

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
_FILE_MODE: Final = stat.S_IFREG | 0o644
_FOLDER_MODE: Final = stat.S_IFDIR | 0o755
_UNIX: Final = 3


def pack(folder: Path, target: Path) -> None:
    """Write a folder as an uncompressed zip: the same tree always gives the same bytes.

    Raises:
        UnsafeArchive: the folder holds a link or a special file.
    """
    pack_files(dict(_tree(folder)), target)


def pack_files(files: Mapping[str, Path], target: Path) -> None:
    """The same of files by their names in the zip; a name that ends in a slash is a folder's."""
    with target.open("xb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            if name.endswith("/"):
                info.external_attr = _FOLDER_MODE << 16
                archive.writestr(info, b"")
                continue
            info.external_attr = _FILE_MODE << 16
            info.file_size = path.stat().st_size  # zipfile chooses zip64 by it
            with path.open("rb") as source, archive.open(info, "w") as member:
                shutil.copyfileobj(source, member, 1 << 20)


def unpack(archive: Path, folder: Path, limit: int) -> None:
    """Unpack a zip or a gzipped tar into a new folder; nothing is left of it on failure.

    The directory is judged first, then the bytes that really come out.

    Args:
        archive: the file.
        folder: made here; must not exist.
        limit: bytes that all members together may unpack to.

    Raises:
        UnknownFormat: it is neither.
        TruncatedFile: bytes are missing.
        UnsafeArchive: a member leads out of the folder, is a link, or is too large.
    """
    with archive.open("rb") as reader:
        content = _content(reader, limit)
        folder.mkdir(mode=0o700)
        try:
            for entry, chunks in content:
                if not entry.foreign:
                    _write(folder, entry, chunks)
        except BaseException:
            shutil.rmtree(folder)
            raise


def _content(reader: BinaryIO, limit: int) -> Iterable[tuple[Entry, Iterator[bytes]]]:
    magic = reader.read(4)
    if magic in {LOCAL, EMPTY}:
        archive = Zip(reader, limit)
        check_tree(archive.entries)
        return ((entry, archive.chunks(entry.path)) for entry in archive.entries)
    if magic.startswith(tars.MAGIC):
        listed = tars.entries(reader, limit)
        check_unique(listed)
        check_tree(listed)
        return tars.members(reader, limit)
    raise UnknownFormat("The file is neither a zip nor a gzipped tar.")


def _write(folder: Path, entry: Entry, chunks: Iterator[bytes]) -> None:
    target = folder / entry.path
    if entry.folder:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o600), "wb") as out:
        for chunk in chunks:
            out.write(chunk)


def _tree(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of the files, and of the folders that hold nothing (as `name/`)."""
    for base, folders, files in os.walk(folder):
        here = Path(base)
        for name in [*folders, *files]:
            path = here / name
            if not stat.S_ISREG(mode := path.lstat().st_mode) and not stat.S_ISDIR(mode):
                raise UnsafeArchive(f"{path.relative_to(folder)} is a link or a special file.")
        if not folders and not files and here != folder:
            yield f"{here.relative_to(folder).as_posix()}/", here
        yield from (
            (path.relative_to(folder).as_posix(), path) for path in map(here.joinpath, files)
        )
