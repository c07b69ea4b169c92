"""Folders: which of the files that lie in one are the model."""

from pathlib import Path
from typing import Final

from modelferry.errors import Misuse

SAVED_MODELS: Final = ("saved_model.pb", "saved_model.pbtxt")
CODE: Final = "model.py"
CONFIG: Final = "config.json"
SAFETENSORS: Final = (".safetensors", ".safetensors.index.json")
PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt")
LITTER: Final = "__pycache__"


def chosen(folder: Path) -> list[Path]:
    """The model's files, in the order of their names.

    A SavedModel, a PyTorch package and an ONNX model with its data are all of their folder but
    for hidden files. Of a Hugging Face folder, of safetensors and of a TensorFlow checkpoint
    only their own files are taken, so what a training run left beside them stays where it is.

    Raises:
        Misuse: the folder is no model, or several.
    """
    files = sorted(each for each in folder.iterdir() if _is_shown(each) and each.is_file())
    names = {each.name for each in files}
    onnx = [each for each in files if each.suffix == ".onnx"]
    if names & {*SAVED_MODELS, CODE} or len(onnx) == 1:
        return _all(folder)
    weights = [each for each in files if each.name.endswith(SAFETENSORS)]
    if weights and CONFIG in names:
        return [each for each in files if each.suffix == ".json" or each in weights]
    return _checkpoint(folder) or weights or _refuse(folder, names)


def checkpoint(prefix: Path) -> list[Path]:
    """The files of the TensorFlow checkpoint that a path is the prefix of; none where it is none.

    `dir/model.ckpt` names model.ckpt.index and model.ckpt.data-… in `dir`, and so does the
    name of its index.
    """
    if prefix.suffix == ".index":
        prefix = prefix.with_suffix("")
    index = prefix.with_name(f"{prefix.name}.index")
    if not prefix.name or not index.is_file():
        return []
    data = f"{prefix.name}.data-"
    parts = [each for each in prefix.parent.iterdir() if each.name.startswith(data)]
    return sorted([index, *parts]) if parts else []


def _checkpoint(folder: Path) -> list[Path]:
    found = [files for each in folder.glob("*.index") if (files := checkpoint(each))]
    if len(found) > 1:
        prefixes = sorted(str(files[-1].with_suffix("")) for files in found)
        raise Misuse(
            f"{str(folder)!r} holds {len(found)} checkpoints. Name one by its prefix, such as"
            f" {prefixes[-1]!r}.",
            field="source",
        )
    return found[0] if found else []


def _all(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*"), key=lambda each: each.relative_to(folder).as_posix())
    shown = [each for each in found if _is_shown(each.relative_to(folder))]
    for each in shown:
        if each.is_symlink() and not each.is_file():
            raise Misuse(
                f"{str(each)!r} is a link to no file. Copy the folder without links first.",
                field="source",
            )
    return [each for each in shown if each.is_file()]


def _is_shown(path: Path) -> bool:
    return not any(part.startswith(".") or part == LITTER for part in path.parts if part != "..")


def _refuse(folder: Path, names: set[str]) -> list[Path]:
    pickles = sorted(name for name in names if name.endswith(PICKLES))
    if CONFIG in names and pickles:
        raise Misuse(
            f"The weights in {str(folder)!r} are pickles ({pickles[0]}), which run code when they"
            " are loaded. Save the model anew: model.save_pretrained(folder) writes config.json"
            " and model.safetensors.",
            field="source",
        )
    raise Misuse(
        f"{str(folder)!r} is no model: a folder must hold saved_model.pb (a SavedModel), one .onnx"
        " file with its external data, config.json and safetensors (Hugging Face), model.py (a"
        " PyTorch package), a TensorFlow checkpoint, or safetensors. Give the model's file"
        " instead.",
        field="source",
    )
