"""Scalars: inputs of rank 0 that are numbers where a model has them as constants.

`x.clamp(0, 6)` can be read, folded and matched by other compilers; a clamp between two tensors
cannot.
"""

from typing import Any

from workers.onnx_graph.values import Constant


def scalar(value: Any) -> Any:
    """A Python number of a constant; the tensor of what is only known at run time.

    Takes what reaches an operator as Raw: a constant, a symbol in an array, a tensor or None.
    """
    if value is None or not hasattr(value, "array"):
        return value
    element = value.array.reshape(-1)[0]
    return element.item() if isinstance(value, Constant) else element
