"""Loosening: lengths that a compiler wrote down as fixed, and that may vary all the same.

litert-torch compiles for the shapes of an example. Most convolutional models then compute
rightly at any batch, where the interpreter resizes their inputs; what reshapes does not.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.signatures import Signature
from workers.runtime import Arrays
from workers.tflite_bridge import files, rewriting, sessions
from workers.verification.cases import Run

CLOSE: Final = 1e-3
"""Of the largest value. What is a wrong shape is off by far more; verification looks closer."""

Call = Callable[[Arrays], dict[str, NDArray[Any]]]


def loosen(path: Path, signature: Signature) -> None:
    """Write the lengths that vary in `signature` as such into the file's inputs."""
    lite = files.read(path)
    entry = lite.entry(None)
    model = rewriting.unpacked(path)
    tensors = model.subgraphs[entry.subgraph].tensors
    for taken in signature.inputs:
        tensor = tensors[entry.inputs[taken.name]]
        tensor.shapeSignature = [
            length if isinstance(wanted, int) else -1
            for length, wanted in zip(tensor.shape, taken.shape or (), strict=True)
        ]
    for given in signature.outputs:
        tensor = tensors[entry.outputs[given.name]]
        if given.shape and tensor.shape is not None and len(given.shape) == len(tensor.shape):
            tensor.shapeSignature = [
                length if isinstance(wanted, int) else -1
                for length, wanted in zip(tensor.shape, given.shape, strict=True)
            ]
    rewriting.write(model, path)


def holds(path: Path, runs: list[Run]) -> bool:
    """Whether the file gives what the source gave, at every size that the source was run at."""
    import numpy as np

    lite = files.read(path)
    call = sessions.opened(path, lite, lite.entry(None))
    for run in runs:
        said = _asked(call, run.case.inputs, lite)
        if said is None:
            return False
        for name, wanted in run.outputs.items():
            found = said.get(name)
            if found is None or found.shape != wanted.shape:
                return False
            scale = max(1.0, float(np.abs(wanted).max(initial=0))) if wanted.size else 1.0
            if wanted.size and float(np.abs(found - wanted).max()) > CLOSE * scale:
                return False
    return True


def _asked(call: Call, inputs: Arrays, lite: files.Lite) -> dict[str, NDArray[Any]] | None:
    """None where the interpreter refuses the shapes."""
    entry = lite.entry(None)
    values = lite.subgraphs[entry.subgraph].values
    dtypes = {name: values[index].dtype for name, index in entry.inputs.items()}
    try:
        return call({name: array.astype(dtypes[name]) for name, array in inputs.items()})
    except (RuntimeError, ValueError):
        return None
