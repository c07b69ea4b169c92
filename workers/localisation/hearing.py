"""Hearing: what the layers of a model read and gave while it ran, by format."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from shared.domain.formats import KERAS, KERAS_H5, PT2, TORCHSCRIPT
from workers.localisation.graph_hearing import GraphListener
from workers.localisation.keras_hearing import KerasListener
from workers.localisation.pt2_cuts import Pt2Cuts
from workers.localisation.torchscript_cuts import TorchscriptCuts
from workers.runtime import Arrays
from workers.transplant.calls import Run
from workers.weights.variables import Array, Weights


class Listener(Protocol):
    """A model, and what its weights are called."""

    def run(self, inputs: Arrays, layers: Mapping[str, frozenset[str]], folder: Path) -> Run:
        """Run it on one case.

        Args:
            inputs: by the names of its signature.
            layers: by what each is to be called, the variables that it has.
            folder: scratch room, empty.
        """
        ...

    def activated(self, path: str, array: Array) -> Array | None:
        """What the layer makes of it in the end, where it has an activation of its own."""
        ...


HEARD: Mapping[str, Callable[[Path, Weights], Listener]] = {
    KERAS.name: partial(KerasListener, suffix=".keras"),
    KERAS_H5.name: partial(KerasListener, suffix=".h5"),
    PT2.name: partial(GraphListener, PT2.name, Pt2Cuts),
    TORCHSCRIPT.name: partial(GraphListener, TORCHSCRIPT.name, TorchscriptCuts),
}
"""How a prepared model of the format is listened to."""
