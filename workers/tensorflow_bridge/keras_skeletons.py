"""Keras models read without their weights, and what can be told from that."""

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.tensorflow_bridge import keras_models

WEIGHTS: Final = "model.weights.h5"

THROUGH: Final = {"Reshape", "Flatten", "Identity", "Dropout", "Cast", "ExpandDims", "Squeeze"}
"""Layers and operations that hand integers on as they are."""


def load(path: Path) -> Any:
    """The keras.Model of a `.keras` archive, its variables shaped but never filled.

    A third of the time of a full load, for drawing initial weights is most of it.

    Raises:
        InvalidModel: as with a full load.
    """
    import keras

    config = _checked_config(path)
    try:
        with keras.StatelessScope(initialize_variables=False):
            return keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception:  # noqa: BLE001 - a full load either works or says better what is wrong
        return keras_models.load(path, ".keras")


def _checked_config(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged:
                raise InvalidModel(_damaged(f"the checksum of {damaged} is wrong"))
            config = json.loads(archive.read("config.json"))
            if WEIGHTS in archive.namelist():
                _check_weights(archive)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise InvalidModel(_damaged(str(error))) from error
    if not isinstance(config, dict):
        raise InvalidModel(_damaged("config.json describes no model"))
    return {**config, "compile_config": None}


def _damaged(how: str) -> str:
    return f"The .keras archive is damaged: {how}. Save or upload it again."


def _check_weights(archive: zipfile.ZipFile) -> None:
    import h5py

    with archive.open(WEIGHTS) as member, h5py.File(member, "r") as file:
        file.visit(lambda _name: None)


def layers(model: Any) -> Iterator[Any]:
    """All layers, those within models included."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from layers(layer)
        else:
            yield layer


def operators(model: Any) -> dict[str, int]:
    """Layers by class, most frequent first."""
    counted = Counter(type(layer).__name__ for layer in layers(model))
    del counted["InputLayer"]
    return dict(counted.most_common())


def bounds(model: Any) -> dict[int, int]:
    """By index of the input, the rows of the smallest Embedding that it indexes."""
    origin = {id(tensor): index for index, tensor in enumerate(model.inputs)}
    found: dict[int, int] = {}
    for operation, taken, given in calls(model):
        kind = type(operation).__name__
        if not taken or id(taken[0]) not in origin:
            continue
        if kind in THROUGH:
            origin[id(given[0])] = origin[id(taken[0])]
        for index, rows in _rows(operation, kind).items():
            if id(taken[index]) in origin:
                number = origin[id(taken[index])]
                found[number] = min(rows, found.get(number, rows))
    return found


def _rows(operation: Any, kind: str) -> dict[int, int]:
    if kind == "Embedding":
        return {0: int(operation.input_dim)}
    return bounds(operation) if getattr(operation, "inputs", None) else {}


def calls(model: Any) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """Every call of a layer within the model, in order, with its symbolic tensors."""
    inner = getattr(model, "_functional", None) or model
    by_depth = inner._nodes_by_depth  # noqa: SLF001 - a layer's second call shows nowhere else
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            yield node.operation, list(node.input_tensors), list(node.outputs)
