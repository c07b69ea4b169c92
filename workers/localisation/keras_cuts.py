"""Keras models, ended early: after some of their layers."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from workers.localisation.graphs import Graph, Node
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.keras_skeletons import calls


class KerasCuts:
    """A functional or sequential model: a node for each call of a layer. Models within it stay
    whole."""

    def __init__(self, path: Path, suffix: Literal[".keras", ".h5"] = ".keras") -> None:
        self._suffix = suffix
        self._model = keras_models.load(path, suffix)
        self._calls = [call for call in calls(self._model) if call[1]]
        self._tensors = {_name(tensor): tensor for _, _, given in self._calls for tensor in given}

    @cached_property
    def graph(self) -> Graph:
        return Graph(
            nodes=tuple(
                Node(
                    name=layer.name,
                    operator=type(layer).__name__,
                    reads=frozenset(map(_name, taken)),
                    makes=tuple(map(_name, given)),
                )
                for layer, taken, given in self._calls
            ),
            inputs=frozenset(map(_name, self._model.inputs)),
            outputs=frozenset(map(_name, self._model.outputs)),
        )

    def comparable(self, name: str) -> bool:
        return str(self._tensors[name].dtype) != "string"

    def shown(self, names: Sequence[str]) -> list[str]:
        return list(names)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - Keras leaves out what the outputs do not need
        import keras

        path = folder / f"cut{self._suffix}"
        outputs = [self._tensors[name] for name in names]
        keras.Model(self._model.input, outputs).save(path)
        return path


def _name(tensor: Any) -> str:
    """Of its own: the tensors of two layers may be called the same."""
    return f"{tensor.name} {id(tensor)}"
