"""Weights of Keras' HDF5 files: whole models, and both layouts of weights alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.weights.hdf5_datasets import dtype_of, own, value
from workers.weights.keras_groups import grouped
from workers.weights.keras_layers import plain
from workers.weights.store import Store
from workers.weights.variables import Array, Framework, Layer, Variable

CELLS: Final = {"LSTM": "LSTMCell", "GRU": "GRUCell", "SimpleRNN": "SimpleRNNCell"}


@dataclass(slots=True)
class Layout:
    """Where in the file each variable is, by the name that its layer gave it."""

    places: dict[str, str] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    ordered: bool = True


@contextmanager
def open_h5(path: Path) -> Iterator[Store]:
    """The store of a file, open within the block.

    Raises:
        InvalidModel: it is damaged, or no file of Keras.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InvalidModel(f"The HDF5 file is damaged ({error}). Save it again.") from error
    with file:
        known = layout(file)

        def read(name: str) -> Array:
            return value(own(file, known.places[name]))

        yield Store(
            framework=Framework.TENSORFLOW,
            variables={name: _variable(name, own(file, at)) for name, at in known.places.items()},
            reader=read,
            ordered=known.ordered,
            layers=known.layers,
        )


def layout(file: Any) -> Layout:
    """What the file's attributes and groups say.

    Raises:
        InvalidModel: they name what is not there, or there is no variable.
    """
    root = file.get("model_weights", file)
    known = _listed(root) if "layer_names" in root.attrs or "layer_names0" in root.attrs else None
    if known is None:
        places, layers = grouped(file)
        known = Layout(places, layers, ordered=False)
    elif "model_config" in file.attrs:
        known = _described(known, file.attrs["model_config"])
    if not known.places:
        raise InvalidModel("The file holds no weights that Keras wrote.")
    return known


def attribute(group: Any, name: str) -> list[str]:
    """A list of names; Keras splits those that are too long for one attribute."""
    found = list(group.attrs.get(name, ()))
    part = 0
    while f"{name}{part}" in group.attrs:
        found += list(group.attrs[f"{name}{part}"])
        part += 1
    return [each.decode("utf-8") if isinstance(each, bytes) else str(each) for each in found]


def _listed(root: Any) -> Layout:
    known = Layout()
    for layer in [*attribute(root, "layer_names"), "top_level_model_weights"]:
        if layer not in root:
            continue
        for weight in attribute(root[layer], "weight_names"):
            if weight not in root[layer]:
                raise InvalidModel(
                    f"The file lists {weight!r} of the layer {layer!r} and does not hold it. Save"
                    " the model again.",
                    node=weight,
                )
            name = weight.removesuffix(":0")
            if name in known.places:
                name = f"{layer}/{name}"
            known.places[name] = f"{root.name}/{layer}/{weight}"
    return known


def _described(known: Layout, raw: Any) -> Layout:
    """With the layers of the configuration; the model's own name is no part of any other."""
    try:
        config = json.loads(raw.decode("utf-8") if isinstance(raw, bytes) else raw)
        (_, model, _), *inner = _configs(config)
    except ValueError as error:
        raise InvalidModel(f"The file's model_config is damaged ({error}).") from error
    places = {name.removeprefix(f"{model}/"): place for name, place in known.places.items()}
    if len(places) < len(known.places):
        places = known.places
    return Layout(places, dict(_placed(inner, list(places))), known.ordered)


def _placed(
    configs: list[tuple[str, str, dict[str, Any]]], names: list[str]
) -> Iterator[tuple[str, Layer]]:
    scopes = [name.rpartition("/")[0].split("/") for name in names]
    for kind, name, settings in configs:
        found = next((scope for scope in scopes if name in scope), [name])
        place = "/".join(found[: found.index(name) + 1])
        yield place, Layer(kind, settings)
        if kind in CELLS:
            cells = {"/".join(each) for each in scopes if "/".join(each).startswith(f"{place}/")}
            yield from ((each, Layer(CELLS[kind], settings)) for each in sorted(cells))


def _configs(part: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Layers within the configuration, those within layers after their own."""
    if isinstance(part, list):
        for each in part:
            yield from _configs(each)
    elif isinstance(part, dict):
        config = part.get("config")
        if "class_name" in part and isinstance(config, dict) and "name" in config:
            kept = {key: value for key, value in config.items() if plain(value)}
            yield str(part["class_name"]), str(config["name"]), kept
        for key in ("config", "layers", "layer", "forward_layer", "backward_layer", "cell"):
            yield from _configs(part.get(key))


def _variable(name: str, dataset: Any) -> Variable:
    return Variable(name, tuple(dataset.shape), dtype_of(dataset))
