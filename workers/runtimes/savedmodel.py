"""TensorFlow SavedModels: one signature, run by TensorFlow on the CPU."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.formats import SAVEDMODEL, Format
from shared.domain.signatures import Inspection
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.branching import branches
from workers.tensorflow_bridge import saved_graphs, saved_models


class SavedModelRuntime(Runtime):
    """A folder with `saved_model.pb`; inspected without loading it."""

    format: ClassVar[Format] = SAVEDMODEL
    packages: ClassVar[tuple[str, ...]] = ("tensorflow-cpu", "numpy")

    @override
    def choose(self, path: Path, options: Mapping[str, Any]) -> Path:
        if options.get("signature"):
            saved_models.choice(path, str(options["signature"]))
        return path

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return saved_graphs.inspect(saved_models.root(path), saved_models.chosen(path))

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        import tensorflow as tf

        inspection = self.inspect(path, given)
        signature = inspection.signature
        callee = saved_models.callee(saved_models.load(path), saved_models.chosen(path))

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            tensors = [tf.constant(inputs[tensor.name]) for tensor in callee.signature.inputs]
            answers = callee.call(*tensors)
            names = [tensor.name for tensor in callee.signature.outputs]
            return {name: each.numpy() for name, each in zip(names, answers, strict=True)}

        yield Session(signature, run, branches=branches(inspection.operators))
