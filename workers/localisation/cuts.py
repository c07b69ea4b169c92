"""Cuts: models that can be ended early, by format."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from shared.domain.formats import (
    FROZEN_GRAPH,
    KERAS,
    KERAS_H5,
    ONNX,
    PT2,
    SAVEDMODEL,
    TFLITE,
    TORCHSCRIPT,
)
from workers.localisation.frozen_cuts import FrozenGraphCuts
from workers.localisation.graphs import Graph
from workers.localisation.keras_cuts import KerasCuts
from workers.localisation.onnx_cuts import OnnxCuts
from workers.localisation.pt2_cuts import Pt2Cuts
from workers.localisation.tensorflow_cuts import SavedModelCuts
from workers.localisation.tflite_cuts import TfliteCuts
from workers.localisation.torchscript_cuts import TorchscriptCuts


class Cuts(Protocol):
    """A model whose nodes are known, and that can be ended at any tensors between them."""

    @property
    def graph(self) -> Graph: ...

    def comparable(self, name: str) -> bool:
        """Whether a model can end at it, or nothing about it could be wrong."""
        ...

    def shown(self, names: Sequence[str]) -> list[str]:
        """Those of the names that a model can end at."""
        ...

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:
        """Write the first `position` nodes as a model with these outputs; where it lies.

        All inputs stay, in their order. `folder` is empty.
        """
        ...


CUTS: Mapping[str, Callable[[Path], Cuts]] = {
    FROZEN_GRAPH.name: FrozenGraphCuts,
    KERAS.name: KerasCuts,
    KERAS_H5.name: partial(KerasCuts, suffix=".h5"),
    ONNX.name: OnnxCuts,
    PT2.name: Pt2Cuts,
    SAVEDMODEL.name: SavedModelCuts,
    TFLITE.name: TfliteCuts,
    TORCHSCRIPT.name: TorchscriptCuts,
}
"""How a prepared model of the format is read."""

ENDS: Final = frozenset({"graph_outputs", "signature"})
"""Options of a convert that say where its source ends, or which of several it is: a part of it is
one model that ends elsewhere."""
