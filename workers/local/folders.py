"""Folders: which of the files on this machine are the model that a path names."""

from pathlib import Path
from typing import Final

from shared.domain import folders
from shared.domain.errors import AmbiguousFormat, UnsafeArchive

SAFETENSORS: Final = (".safetensors", ".safetensors.index.json")
LITTER: Final = "__pycache__"

_WHOLE: Final = ("saved_model.pb", folders.CODE)


def chosen(folder: Path) -> dict[str, Path]:
    """The model's files by their names in the folder: all but hidden ones or, where it is known
    by a few of them, those. Links are followed to files there, for that is how Hugging Face's
    cache keeps them.

    Raises:
        AmbiguousFormat: it holds several TensorFlow checkpoints.
        UnsafeArchive: it holds a link where all of it is taken.
    """
    files = {each.name: each for each in folder.iterdir() if each.is_file() and _shown(each.name)}
    if any(name in files for name in _WHOLE) or any(name.endswith(".onnx") for name in files):
        return _all(folder)
    weights = {name: path for name, path in files.items() if name.endswith(SAFETENSORS)}
    if weights and folders.CONFIG in files:
        return weights | {name: path for name, path in files.items() if name.endswith(".json")}
    return _checkpoint(folder) or weights or _all(folder)


def checkpoint(prefix: Path) -> dict[str, Path]:
    """The files of the TensorFlow checkpoint that a path is the prefix of; none where it is none.

    `dir/model.ckpt` names model.ckpt.index and model.ckpt.data-… in `dir`, and so does the
    name of its index.
    """
    if prefix.suffix == ".index":
        prefix = prefix.with_suffix("")
    index = prefix.with_name(f"{prefix.name}.index") if prefix.name else prefix
    if not index.is_file():
        return {}
    data = f"{prefix.name}.data-"
    parts = {each.name: each for each in prefix.parent.iterdir() if each.name.startswith(data)}
    return {index.name: index, **parts} if parts else {}


def _checkpoint(folder: Path) -> dict[str, Path]:
    found = {each: files for each in folder.glob("*.index") if (files := checkpoint(each))}
    if len(found) > 1:
        raise AmbiguousFormat(
            f"The folder {folder.name!r} holds {len(found)} checkpoints. Name one by its prefix,"
            f" such as {str(max(found).with_suffix(''))!r}."
        )
    return next(iter(found.values()), {})


def _all(folder: Path) -> dict[str, Path]:
    found = {each.relative_to(folder): each for each in folder.rglob("*")}
    shown = {name: path for name, path in found.items() if all(map(_shown, name.parts))}
    for name, path in shown.items():
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise UnsafeArchive(f"{name} is a link or a special file.")
    return {name.as_posix(): path for name, path in shown.items() if path.is_file()}


def _shown(name: str) -> bool:
    return not name.startswith(".") and name != LITTER
