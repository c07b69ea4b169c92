"""Scatter: the first name of ScatterElements."""

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.operators.scatterelements import scatter_elements


@operator("Scatter")
def scatter(x: Tensor, indices: Raw, updates: Tensor, *, axis: int) -> Tensor:
    """It had no reductions."""
    return scatter_elements(x, indices, updates, axis=axis, reduction=None)
