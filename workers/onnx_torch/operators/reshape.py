"""Reshape: the same elements in another shape."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator


@operator("Reshape", since=1)
def reshape_1(x: Tensor, *, shape: list[int]) -> Tensor:
    """The shape is an attribute."""
    return reshape(x, shape, allowzero=0)


@operator("Reshape", since=5)
def reshape(x: Tensor, shape: Ints, *, allowzero: int | None) -> Tensor:
    """0 copies the length of that axis, unless `allowzero`; -1 is worked out."""
    if allowzero:
        return x.reshape(shape)
    kept = [x.shape[axis] if length == 0 else length for axis, length in enumerate(shape)]
    return x.reshape(kept)
