"""Sources: a file as it lies, several files packed into one deterministic zip."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modelferry import folders
from modelferry.errors import Misuse
from modelferry.progress import Progress, silent

CHUNK: Final = 1 << 20
EPOCH: Final = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the earliest time a zip can tell: equal folders, equal bytes


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes to be sent. `digest` is `sha256:` and 64 hexadecimal digits; `size` in bytes."""

    path: Path
    name: str
    size: int
    digest: str


@contextmanager
def opened(path: Path, progress: Progress = silent) -> Iterator[Source]:
    """The source that lies at `path`. Several files are packed into the system's temp folder:
    those of a folder, and of the TensorFlow checkpoint that `path` is the prefix of.

    Raises:
        Misuse: there is no such file, it cannot be read, or the folder is no model.
    """
    with tempfile.TemporaryDirectory(prefix="modelferry-") as scratch:
        try:
            if several := _several(path):
                packed = Path(scratch) / f"{path.resolve().name.removesuffix('.index')}.zip"
                pack(several, packed, progress)
                path = packed
            source = described(path, path.name, progress)
        except OSError as error:
            raise Misuse(
                f"{str(error.filename or path)!r} cannot be read: {error.strerror}.",
                field="source",
            ) from error
        yield source


def described(path: Path, name: str, progress: Progress) -> Source:
    """Hash a file, chunk by chunk."""
    total = path.stat().st_size
    done = 0
    digest = hashlib.sha256()
    for chunk in chunks(path, 0, total):
        digest.update(chunk)
        done += len(chunk)
        progress("hashing", done, total)
    return Source(path, name, done, f"sha256:{digest.hexdigest()}")


def chunks(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The bytes of [start, end), a MiB at a time."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk


def pack(files: Mapping[str, Path], target: Path, progress: Progress) -> None:
    """Zip a model's files, uncompressed, under their names and in that order, without times or
    owners."""
    total = sum(each.stat().st_size for each in files.values())
    done = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as reader, archive.open(entry, "w") as writer:
                shutil.copyfileobj(reader, writer, CHUNK)
            done += entry.file_size
            progress("packing", done, total)


def _several(path: Path) -> dict[str, Path]:
    """The files to pack, by their names; none where `path` is itself the file."""
    if path.is_dir():
        found = folders.chosen(path)
        return {each.relative_to(path).as_posix(): each for each in found}
    files = folders.checkpoint(path)
    if not files and not path.exists():
        raise Misuse(f"There is no file or folder {str(path)!r}. Check the path.", field="source")
    # What has both, a file and a checkpoint of that name, is named by the checkpoint's index.
    return (
        {} if path.is_file() and path.suffix != ".index" else {each.name: each for each in files}
    )
