"""Sources: a model's file or folder, taken in as an upload is: by its bytes."""

import mmap
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from shared.domain.archives import pack, pack_files
from shared.domain.errors import EmptyFile
from shared.domain.formats import ONNX
from shared.domain.npz import read_arrays
from shared.domain.recognition import Recognised, recognise
from workers.local.files import File, described
from workers.local.folders import checkpoint, chosen
from workers.onnx_files.external import locations


def take_in(path: Path, said: str | None, folder: Path) -> tuple[File, tuple[str, ...]]:
    """The source as the service would keep it, and what is odd about it.

    A folder becomes a zip in `folder`, and so do an ONNX file with the data files beside it and
    the TensorFlow checkpoint that `path` is the prefix of.

    Raises:
        BadUpload: one of its kinds; the file is no model.
        OSError: it cannot be read.
    """
    several = _several(path)
    if several is not None:
        if not several:
            raise EmptyFile(f"The folder {path.name!r} is empty. Give the model's own folder.")
        path = folder / "source.zip"
        pack_files(several, path)
    known = _recognised(path, said)
    if known.format == ONNX and (beside := _beside(path)):
        path = _packed(path, beside, folder)
    return described(path, known.format.name), known.notes


def exists(path: Path) -> bool:
    """Whether there is something that can be taken in: a file, a folder, a checkpoint."""
    return path.is_file() or path.is_dir() or bool(checkpoint(path))


def take_samples(path: Path, limit: int) -> File:
    """Inputs of the user's.

    Args:
        limit: bytes that the arrays together may have.

    Raises:
        BadSamples, BadUpload: it is no .npz of numbers.
        OSError: it cannot be read.
    """
    with path.open("rb") as reader:
        read_arrays(reader, limit)
    return described(path, "npz")


def _several(path: Path) -> dict[str, Path] | None:
    """The files to pack, by their names; None where `path` is itself the file."""
    if path.is_dir():
        return chosen(path)
    # What has both, a file and a checkpoint of that name, is named by the checkpoint's index.
    return None if path.is_file() and path.suffix != ".index" else checkpoint(path) or None


def _recognised(path: Path, said: str | None) -> Recognised:
    with path.open("rb") as reader:
        return recognise(reader, said=said, name=path.name)


def _beside(path: Path) -> list[str]:
    """The files next to an ONNX file that its weights lie in. What leads elsewhere is left for
    the inspection to refuse."""
    if zipfile.is_zipfile(path) or not _may_be_external(path):
        return []
    import onnx
    from google.protobuf.message import DecodeError

    try:
        named = locations(onnx.load(path, load_external_data=False))
    except DecodeError:
        return []  # the inspection says what is wrong with it
    inside = [name for name in named if _is_inside(name)]
    return sorted(name for name in inside if (path.parent / name).is_file())


def _may_be_external(path: Path) -> bool:
    """Spare all others from being parsed: the word stands in each tensor that lies elsewhere."""
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return content.find(b"location") >= 0


def _is_inside(name: str) -> bool:
    pure = PurePosixPath(name)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts


def _packed(model: Path, beside: list[str], folder: Path) -> Path:
    whole = folder / "whole"
    whole.mkdir()
    for name, path in [(model.name, model), *((each, model.parent / each) for each in beside)]:
        target = whole / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    named = whole / model.name
    if named.suffix != ".onnx":
        named.rename(whole / "model.onnx")
    packed = folder / "source.zip"
    pack(whole, packed)
    shutil.rmtree(whole)
    return packed
