"""SavedModels, ended early."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.domain.signatures import Signature, Tensor
from workers.localisation.tensorflow_graphs import TensorflowGraph
from workers.tensorflow_bridge import saved_models
from workers.tensorflow_bridge.dimensions import half_named
from workers.tensorflow_bridge.exporting import export_frozen
from workers.tensorflow_bridge.freezing import freeze
from workers.tensorflow_bridge.tracing import shape_of, trace


class SavedModelCuts(TensorflowGraph):
    """One signature as a frozen graph: its variables are constants, its calls their bodies."""

    def __init__(self, path: Path) -> None:
        model = saved_models.load(path)
        self._frozen = freeze(trace(saved_models.callee(model, saved_models.chosen(path))))
        _part(self._frozen.graph)
        super().__init__(self._frozen.graph, self._frozen.inputs, self._frozen.outputs)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - what the outputs do not need is left out
        outputs = tuple(self._told(f"cut_{at}", name) for at, name in enumerate(names))
        signature = Signature(inputs=self._frozen.signature.inputs, outputs=outputs)
        path = folder / "cut"
        export_frozen(replace(self._frozen, signature=signature, outputs=tuple(names)), path)
        return path

    def _told(self, name: str, tensor: str) -> Tensor:
        found = self.tensor(tensor)
        return Tensor(
            name=name,
            dtype=found.dtype.as_numpy_dtype.__name__,
            shape=half_named(shape_of(found)),
        )


def _part(graph: Any) -> None:
    """Let nodes wait for what they read alone: inlined calls wait for their placeholders, which
    nobody feeds where others take their place."""
    for node in graph.node:
        kept = [name for name in node.input if not name.startswith("^")]
        del node.input[:]
        node.input.extend(kept)
