"""Folders: model folders of PyTorch's world, told by the names of the files in them."""

from collections.abc import Collection, Iterable
from re import compile  # noqa: A004 - the pattern's own word
from typing import Final

from shared.domain.errors import PickledModule, TruncatedFile

CODE: Final = "model.py"
CONFIG: Final = "config.json"
PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt")

_SHARDS_INDEX: Final = ".safetensors.index.json"
_VALUES: Final = compile(r"(?P<prefix>.+)\.data-\d{5}-of-\d{5}")
_WEIGHTS: Final = (".safetensors", _SHARDS_INDEX)


def packages(files: Iterable[str]) -> tuple[str, ...]:
    """Where source packages begin: model.py at the root, else those one folder down."""
    return _highest(files, CODE)


def configs(files: Collection[str]) -> tuple[str, ...]:
    """The config.json of folders of transformers: safetensors, or their index, lie beside it."""
    return tuple(each for each in _highest(files, CONFIG) if _beside(each, files, _WEIGHTS))


def refuse_pickles(files: Collection[str]) -> None:
    """To be asked of what is nothing else.

    Raises:
        PickledModule: it is a folder of transformers whose weights are pickles.
    """
    pickled = [name for each in _highest(files, CONFIG) for name in _beside(each, files, PICKLES)]
    if pickled:
        raise PickledModule(
            f"The weights are pickles ({pickled[0]}), which run code when they are loaded. Such"
            " files are never opened here. Load the model where its code is and save it anew:"
            " model.save_pretrained(folder) writes config.json and model.safetensors."
        )


def refuse_halves(files: Collection[str]) -> None:
    """To be asked of what is nothing else.

    Raises:
        TruncatedFile: it is a part of a TensorFlow checkpoint: its index or its values alone.
    """
    for name in sorted(files):
        if name.endswith(".index"):
            lacking = f"its values, {name.removesuffix('index')}data-00000-of-…"
        elif values := _VALUES.fullmatch(name):
            lacking = f"its index, {values['prefix']}.index"
        else:
            continue
        raise TruncatedFile(
            f"{name!r} is a part of a TensorFlow checkpoint, and the rest is missing: {lacking}."
            " Send all files of the checkpoint together."
        )


def _highest(files: Iterable[str], last: str) -> tuple[str, ...]:
    """The files of that name that are nearest to the root, of which they are one folder off at
    most."""
    named = [name for name in files if name.rpartition("/")[2] == last]
    root = tuple(name for name in named if "/" not in name)
    return root or tuple(sorted(name for name in named if name.count("/") == 1))


def _beside(name: str, files: Iterable[str], suffixes: tuple[str, ...]) -> list[str]:
    folder = name.rpartition("/")[0]
    return sorted(
        each for each in files if each.rpartition("/")[0] == folder and each.endswith(suffixes)
    )
