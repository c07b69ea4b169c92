"""Weights for Keras in HDF5, by the names of layers.

Without the model nobody knows the groups that Keras 3 wants of a `.weights.h5`: they are numbered
by class in the model's own order. The layout by names is older and is still read:
`model.load_weights("weights.h5", by_name=True)`, under a name that does not end in `.weights.h5`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import StepRefused
from workers.weights.checking import Checklist
from workers.weights.dtypes import numpy_dtype
from workers.weights.pieces import pieces
from workers.weights.variables import Array, Sink, Variable

MOST: Final = 64_000
"""Bytes of one attribute; HDF5 takes no more, and Keras joins numbered ones."""


@contextmanager
def write_keras_weights(path: Path, variables: Mapping[str, Variable]) -> Iterator[Sink]:
    """A sink for these variables: each belongs to the layer that its name begins with.

    Raises:
        StepRefused: HDF5 has no such type, a variable has no layer, or it got no value.
    """
    import h5py

    grouped: dict[str, list[Variable]] = {}
    for each in variables.values():
        _check(each)
        grouped.setdefault(each.name.partition("/")[0], []).append(each)
    with h5py.File(path, "w") as file:
        _attribute(file, "layer_names", list(grouped))
        file.attrs["backend"] = "tensorflow"
        for layer, owned in grouped.items():
            group = file.create_group(layer)
            _attribute(group, "weight_names", [each.name for each in owned])
            for each in owned:
                group.create_dataset(each.name, each.shape, numpy_dtype(each.dtype))
        sink = _Sink(file, variables)
        yield sink
        sink.checklist.finish()


class _Sink:
    def __init__(self, file: Any, variables: Mapping[str, Variable]) -> None:
        self.checklist = Checklist(variables, {})
        self._file = file

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        dataset = self._file[f"{name.partition('/')[0]}/{name}"]
        for place, piece in pieces(name, array, variable.dtype):
            dataset[place] = piece


def _check(variable: Variable) -> None:
    if "/" not in variable.name:
        raise StepRefused(
            f"The variable {variable.name!r} names no layer. Keras finds weights by"
            " layer/variable: dense/kernel.",
            node=variable.name,
        )
    if numpy_dtype(variable.dtype).kind not in "fiub" or variable.dtype.startswith("float8"):
        raise StepRefused(
            f"The variable {variable.name!r} is {variable.dtype}, which HDF5 has no type for.",
            node=variable.name,
        )


def _attribute(group: Any, name: str, values: list[str]) -> None:
    import numpy as np

    encoded = np.array([each.encode("utf-8") for each in values])
    if encoded.nbytes <= MOST:
        group.attrs[name] = encoded
        return
    for number, part in enumerate(np.array_split(encoded, -(-encoded.nbytes // MOST))):
        group.attrs[f"{name}{number}"] = part
