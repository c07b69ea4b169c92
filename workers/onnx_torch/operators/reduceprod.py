"""ReduceProd: the product of the elements."""

from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.reductions import product, reduced
from workers.onnx_torch.unsigned import wrapped


@operator("ReduceProd", since=1)
def reduceprod_1(x: Tensor, *, axes: list[int] | None, keepdims: int) -> Tensor:
    """The axes are an attribute."""
    return reduceprod(x, axes, keepdims=keepdims, noop_with_empty_axes=0)


@operator("ReduceProd", since=18)
def reduceprod(
    x: Tensor, axes: Ints | None = None, *, keepdims: int, noop_with_empty_axes: int
) -> Tensor:
    """The axes are an input. Along no axis, what is not a reduction is done all the same."""
    return wrapped(lambda each: reduced(product, each, axes, keepdims, noop_with_empty_axes), x)
