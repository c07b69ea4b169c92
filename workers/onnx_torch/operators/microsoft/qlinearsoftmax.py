"""QLinearSoftmax: exponentials that add up to 1, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.flattening import flattened
from workers.onnx_torch.quantizing import dequantized, requantized

ONE_AXIS = 13
"""The opset since which a softmax is along one axis."""


@operator("QLinearSoftmax")
def qlinearsoftmax(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor | None,
    y_scale: Tensor,
    y_zero: Tensor,
    *,
    axis: int | None,
    opset: int,
) -> Tensor:
    """Along one axis, or over all from it on, as the Softmax of that opset."""
    along = -1 if axis is None else axis
    plain = dequantized(x, x_scale, x_zero)
    if opset >= ONE_AXIS:
        found = plain.softmax(along)
    else:
        found = flattened(lambda each: each.softmax(-1), plain, along)
    return requantized(found, y_scale, y_zero, x.dtype)
