"""Stores by format."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from shared.domain.errors import InvalidModel
from workers.weights import pt2, safetensors_files, torchscript
from workers.weights.keras_archive import open_keras
from workers.weights.keras_h5 import open_h5
from workers.weights.savedmodel import open_savedmodel
from workers.weights.sections import Located, mapped
from workers.weights.state_dict import open_state_dict
from workers.weights.store import Store
from workers.weights.tf_checkpoint import open_checkpoint


def _in_sections(
    locate: Callable[[Path], Located],
) -> Callable[[Path], AbstractContextManager[Store]]:
    @contextmanager
    def opened(path: Path) -> Iterator[Store]:
        with mapped(locate(path)) as store:
            yield store

    return opened


READERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[Store]]]] = {
    "keras": open_keras,
    "keras-h5": open_h5,
    "keras-weights": open_h5,
    "savedmodel": open_savedmodel,
    "tf-checkpoint": open_checkpoint,
    "state-dict": open_state_dict,
    "safetensors": _in_sections(safetensors_files.locate),
    "pt2": _in_sections(pt2.locate),
    "torchscript": _in_sections(torchscript.locate),
}
"""How the weights of each format are opened. A tree is the unpacked folder."""


def open_weights(path: Path, format: str) -> AbstractContextManager[Store]:
    """The variables of a model or of weights alone, open within the block.

    Args:
        path: what `Runtime.prepare` gives: a file, or the unpacked folder of a tree.

    Raises:
        InvalidModel: the format's weights cannot be read, or the file is damaged.
        PickledModule: it holds objects of classes.
    """
    if format not in READERS:
        raise InvalidModel(
            f"Weights cannot be taken from a {format}. They can from: {', '.join(READERS)}."
        )
    return READERS[format](path)
