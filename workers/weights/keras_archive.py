"""Weights of a .keras archive: Keras says what lies where, and h5py reads it."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.tensorflow_bridge.keras_skeletons import WEIGHTS, load
from workers.weights.hdf5_datasets import own, value
from workers.weights.keras_layers import layers
from workers.weights.store import Store
from workers.weights.variables import Array, Framework, Layer, Variable

SEEDS: Final = "seed_generator_state"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in `model.weights.h5` each variable is, by the names of its layers and its own."""

    places: dict[str, str]
    variables: dict[str, Variable]
    layers: dict[str, Layer]


@contextmanager
def open_keras(path: Path) -> Iterator[Store]:
    """The store of an archive, open within the block.

    Raises:
        InvalidModel: it is damaged, holds code, or needs classes that are not Keras' own.
    """
    import h5py

    known = layout(path)
    with zipfile.ZipFile(path) as archive:
        if WEIGHTS not in archive.namelist():
            raise InvalidModel(f"The archive holds no {WEIGHTS}. Save the model again.")
        with archive.open(WEIGHTS) as member, h5py.File(member, "r") as file:
            check(file, known)

            def read(name: str) -> Array:
                return value(own(file, known.places[name]))

            yield Store(
                framework=Framework.TENSORFLOW,
                variables=known.variables,
                reader=read,
                layers=known.layers,
            )


def layout(path: Path) -> Layout:
    """What the archive's configuration says, without its weights.

    Raises:
        InvalidModel: as with a load of the model.
    """
    model = load(path)
    places: dict[str, str] = {}
    variables: dict[str, Variable] = {}
    for name, place, variable in called(model):
        places[name] = place
        shape = tuple(int(each) for each in variable.shape)
        variables[name] = Variable(name, shape, str(variable.dtype))
    return Layout(places, variables, dict(layers(model)))


def called(model: Any) -> Iterator[tuple[str, str, Any]]:
    """Every variable of a model as an archive of it has them: the name, the dataset, and the
    model's own. Seeds are not among them."""
    order = {id(each): index for index, each in enumerate(model.weights)}
    seen: set[str] = set()
    for place, told, variable in sorted(_saved(model), key=lambda each: order.get(id(each[2]), 0)):
        if not variable.path.endswith(SEEDS):
            name = told if told not in seen else f"{told} ({place})"
            seen.add(name)
            yield name, place, variable


def check(file: Any, known: Layout) -> None:
    """
    Raises:
        InvalidModel: a variable is not in the file, or has another shape there.
    """
    for name, place in known.places.items():
        found = file.get(place)
        if found is None or tuple(found.shape) != known.variables[name].shape:
            raise InvalidModel(
                f"The archive's weights do not fit its configuration: {place} is"
                f" {'missing' if found is None else 'of another shape'}. Save the model again.",
                node=name,
            )


def _saved(model: Any) -> list[tuple[str, str, Any]]:
    """Every variable with the dataset that Keras would write it to, and what it is called.

    Keras itself tells, as it would save the model. `variable.path` is not the name: a model that
    was loaded has other ones than the model that was saved.
    """
    from keras.src.saving import saving_lib

    found: list[tuple[str, str, Any]] = []
    names: dict[str, str] = {}

    class Recorder(saving_lib.H5IOStore):  # type: ignore[misc]
        def __init__(self) -> None:
            self.place = ""

        def __bool__(self) -> bool:
            return True

        def make(self, path: str, metadata: Any = None) -> "Recorder":
            self.place = path
            names[path] = (metadata or {}).get("name", "") if path else ""
            return self

        def __setitem__(self, key: str, variable: Any) -> None:
            parts = self.place.split("/")
            owners = [names.get("/".join(parts[: end + 1]), "") for end in range(len(parts))]
            called = "/".join([*filter(None, owners), variable.path.rpartition("/")[2]])
            found.append((f"{self.place}/vars/{key}".lstrip("/"), called, variable))

    saving_lib._save_state(model, Recorder(), None, "", set())  # noqa: SLF001 - the one place that knows the layout
    return found
