"""Templates of Keras: datasets written over in a copy of the HDF5 file."""

import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workers.tensorflow_bridge.keras_skeletons import WEIGHTS
from workers.weights import keras_archive, keras_h5
from workers.weights.checking import Checklist
from workers.weights.hdf5_datasets import own
from workers.weights.pieces import pieces
from workers.weights.variables import Array, Sink, Variable


@contextmanager
def fill_h5(template: Path, target: Path) -> Iterator[Sink]:
    """A sink for the weights of a copy of a Keras HDF5 file.

    Raises:
        InvalidModel: it is damaged, or no file of Keras.
    """
    import h5py

    with keras_h5.open_h5(template) as store:
        variables = store.variables
    shutil.copyfile(template, target)
    with h5py.File(target, "r+") as file:
        yield _Sink(file, keras_h5.layout(file).places, variables)


@contextmanager
def fill_keras(template: Path, target: Path) -> Iterator[Sink]:
    """A sink for the weights of a copy of a .keras archive.

    Raises:
        InvalidModel: it is damaged, holds code, or needs classes that are not Keras' own.
    """
    import h5py

    with keras_archive.open_keras(template):
        known = keras_archive.layout(template)
    weights = target.with_name(f".{target.name}.h5")
    try:
        with zipfile.ZipFile(template) as old:
            with old.open(WEIGHTS) as packed, weights.open("wb") as file:
                shutil.copyfileobj(packed, file)
            with h5py.File(weights, "r+") as filled:
                yield _Sink(filled, known.places, known.variables)
            with zipfile.ZipFile(target, "w") as new:
                for member in old.infolist():
                    _copy(old, new, member, weights)
    finally:
        weights.unlink(missing_ok=True)


def _copy(
    old: zipfile.ZipFile, new: zipfile.ZipFile, member: zipfile.ZipInfo, weights: Path
) -> None:
    fresh = zipfile.ZipInfo(member.filename, member.date_time)
    fresh.compress_type = member.compress_type
    fresh.external_attr = member.external_attr
    if member.filename == WEIGHTS:
        fresh.file_size = weights.stat().st_size
        with weights.open("rb") as source, new.open(fresh, "w") as sink:
            shutil.copyfileobj(source, sink)
    else:
        fresh.file_size = member.file_size
        with old.open(member) as packed, new.open(fresh, "w") as sink:
            shutil.copyfileobj(packed, sink)


class _Sink:
    def __init__(
        self, file: Any, places: Mapping[str, str], variables: Mapping[str, Variable]
    ) -> None:
        self.checklist = Checklist(variables, {})
        self._file = file
        self._places = places

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        dataset = own(self._file, self._places[name])
        for place, piece in pieces(name, array, variable.dtype):
            # Keras keeps bfloat16 as bytes without a type, and notes beside them what they are.
            dataset[place] = piece.view(dataset.dtype) if dataset.dtype.kind == "V" else piece
