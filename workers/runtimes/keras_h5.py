"""Keras HDF5 models, run by TensorFlow on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from shared.domain.formats import KERAS_H5, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session
from workers.tensorflow_bridge import keras_models, keras_runs


class KerasH5Runtime(Runtime):
    """`.h5`: the model's configuration is an attribute, its weights are groups."""

    format: ClassVar[Format] = KERAS_H5
    packages: ClassVar[tuple[str, ...]] = ("keras", "tensorflow-cpu", "h5py", "numpy")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return keras_runs.inspection(keras_models.load(path, ".h5"), self.format.name)

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        yield keras_runs.session(keras_models.load(path, ".h5"))
