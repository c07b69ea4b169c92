"""Arrays in memory as variables: a `state_dict`, a dict of arrays, a list of `get_weights()`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.transplant.tensors import as_array
from workers.weights.variables import Array, Framework, Layer, Variable


class ArrayWeights:
    """The arrays by their names. What a list holds is named by its place: `0`, `1`.

    Names with a slash are TensorFlow's, and so are those of a list; any others are PyTorch's.
    """

    ordered: Final = True

    def __init__(self, arrays: Mapping[str, Any] | Sequence[Any]) -> None:
        """Raises:
        InvalidModel: something in it is no array.
        """
        named = isinstance(arrays, Mapping)
        items = arrays.items() if isinstance(arrays, Mapping) else enumerate(arrays)
        self._held = {str(name): value for name, value in items}
        self.framework = (
            Framework.PYTORCH
            if named and not any("/" in name for name in self._held)
            else Framework.TENSORFLOW
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
            f"{name!r} is {type(value).__name__}, no array: give a state_dict, a dict of arrays or"
            " what get_weights() gives."
        )
    return Variable(name, tuple(value.shape), str(value.dtype).removeprefix("torch."))
