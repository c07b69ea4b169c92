"""Arrays in memory as variables: a `state_dict`, or a dict of arrays by TensorFlow's names."""

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.transplant.tensors import as_array
from workers.weights.variables import Array, Framework, Layer, Variable


class ArrayWeights:
    """The arrays by their names. Those of a dict with a slash in one are TensorFlow's, any others
    PyTorch's."""

    ordered: Final = True

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        """Raises:
        InvalidModel: something in it is no array.
        """
        self._held = {str(name): value for name, value in arrays.items()}
        self.framework = (
            Framework.TENSORFLOW if any("/" in name for name in self._held) else Framework.PYTORCH
        )
        self.variables: Mapping[str, Variable] = {
            name: _variable(name, value) for name, value in self._held.items()
        }
        self.ties: Mapping[str, str] = {}
        self.layers: Mapping[str, Layer] = {}

    def read(self, name: str) -> Array:
        import numpy as np

        held = self._held[name]
        if hasattr(held, "detach"):
            return as_array(held)
        found: Array = np.asarray(held)
        return found


def _variable(name: str, value: Any) -> Variable:
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        raise InvalidModel(
            f"{name!r} is {type(value).__name__}, no array: give a state_dict or a dict of arrays."
        )
    return Variable(name, tuple(value.shape), str(value.dtype).removeprefix("torch."))
