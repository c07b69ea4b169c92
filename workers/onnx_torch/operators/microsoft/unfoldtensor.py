"""com.microsoft.UnfoldTensor: slices of an axis, one every so many elements, as a last axis."""

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("UnfoldTensor")
def unfold_tensor(x: Tensor, *, dim: int | None, size: int, step: int | None) -> Tensor:
    """What torch calls unfold."""
    return x.unfold(-1 if dim is None else dim, size, step or 1)
