"""Sources: a file as it lies, a folder packed into one deterministic zip."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
    """The source that lies at `path`; a folder is packed into the system's temp folder.

    Raises:
        Misuse: there is no such file, it cannot be read, or the folder is no model.
    """
    if not path.exists():
        raise Misuse(f"There is no file or folder {str(path)!r}. Check the path.", field="source")
    with tempfile.TemporaryDirectory(prefix="modelferry-") as scratch:
        try:
            if path.is_dir():
                packed = Path(scratch) / f"{path.resolve().name}.zip"
                pack(path, packed, progress)
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


def pack(folder: Path, target: Path, progress: Progress) -> None:
    """Zip a model's folder, uncompressed, in the order of names, without times or owners."""
    files = _files(folder)
    total = sum(each.stat().st_size for each in files)
    done = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for each in files:
            entry = zipfile.ZipInfo(each.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.file_size = each.stat().st_size
            with each.open("rb") as reader, archive.open(entry, "w") as writer:
                shutil.copyfileobj(reader, writer, CHUNK)
            done += entry.file_size
            progress("packing", done, total)


def _files(folder: Path) -> list[Path]:
    saved_model = any(
        (folder / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")
    )
    if not saved_model and len(list(folder.glob("*.onnx"))) != 1:
        raise Misuse(
            f"{str(folder)!r} is no model: a folder must hold saved_model.pb (a SavedModel) or"
            " one .onnx file with its external data. Give the model's file instead.",
            field="source",
        )
    found = sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix())
    for each in found:
        if each.is_symlink() and not each.is_file():
            raise Misuse(
                f"{str(each)!r} is a link to no file. Copy the folder without links first.",
                field="source",
            )
    return [each for each in found if each.is_file()]
