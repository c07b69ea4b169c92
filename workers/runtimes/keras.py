"""Keras 3 archives, run by TensorFlow on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from shared.domain.formats import KERAS, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session
from workers.tensorflow_bridge import keras_models, keras_runs, keras_skeletons


class KerasRuntime(Runtime):
    """`.keras`: a zip of a configuration and its weights."""

    format: ClassVar[Format] = KERAS
    packages: ClassVar[tuple[str, ...]] = ("keras", "tensorflow-cpu", "h5py", "numpy")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return keras_runs.inspection(keras_skeletons.load(path), self.format.name)

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        yield keras_runs.session(keras_models.load(path, ".keras"))
