"""Keras' HDF5 files of weights, looked into."""

from typing import ClassVar

from shared.domain.formats import KERAS_WEIGHTS, Format
from workers.runtimes.weights_alone import WeightsRuntime


class KerasWeightsRuntime(WeightsRuntime):
    """What save_weights writes."""

    format: ClassVar[Format] = KERAS_WEIGHTS
    packages: ClassVar[tuple[str, ...]] = ("h5py", "numpy")
