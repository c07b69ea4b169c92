"""TensorFlow checkpoints, looked into."""

from typing import ClassVar

from shared.domain.formats import TF_CHECKPOINT, Format
from workers.runtimes.weights_alone import WeightsRuntime


class TfCheckpointRuntime(WeightsRuntime):
    """A folder with an index and its data files."""

    format: ClassVar[Format] = TF_CHECKPOINT
    packages: ClassVar[tuple[str, ...]] = ("tensorflow-cpu", "numpy")
