"""Keras models, listened to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers.runtime import Arrays
from workers.tensorflow_bridge import keras_models, keras_runs
from workers.transplant.calls import Run, keras_run
from workers.transplant.live_keras import KerasWeights, below
from workers.weights.variables import Array, Weights


class KerasListener:
    """A file's variables have other names than those of the model that it is loaded as: each is
    known by its values, and equal ones by their order."""

    def __init__(self, path: Path, weights: Weights, suffix: str) -> None:
        self._model = keras_models.load(path, suffix)
        self._live = KerasWeights(self._model)
        self._variables = _held(self._model, weights)
        self._paths: dict[str, str] = {}

    def run(self, inputs: Arrays, layers: Mapping[str, frozenset[str]], folder: Path) -> Run:
        del folder
        found = {name: self._layer(variables) for name, variables in layers.items()}
        heard = {name: layer for name, layer in found.items() if layer is not None}
        self._paths = {name: layer.path or layer.name for name, layer in heard.items()}
        taken = keras_runs.signature(self._model).inputs
        return keras_run(self._model, [inputs[each.name] for each in taken], heard)

    def _layer(self, variables: frozenset[str]) -> Any:
        """The innermost layer that has all of them; None where there is none."""
        wanted = {self._variables[name] for name in variables if name in self._variables}
        having = [
            layer
            for _, layer in below(self._model)
            if wanted and wanted <= {id(each) for each in layer.weights}
        ]
        return min(having, key=lambda each: len(each.weights), default=None)

    def activated(self, path: str, array: Array) -> Array | None:
        return self._live.activated(self._paths.get(path, path), array)


def _held(model: Any, weights: Weights) -> dict[str, int]:
    """By the file's name of a variable, which of the model's it is."""
    by_value: dict[tuple[tuple[int, ...], bytes], list[int]] = {}
    for each in model.weights:
        array = each.numpy()
        by_value.setdefault((array.shape, array.tobytes()), []).append(id(each))
    found: dict[str, int] = {}
    for name in weights.variables:
        array = weights.read(name)
        same = by_value.get((array.shape, array.tobytes()))
        if same:
            found[name] = same.pop(0)
    return found
