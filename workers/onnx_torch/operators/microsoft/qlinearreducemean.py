"""QLinearReduceMean: the mean of the elements, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearReduceMean")
def qlinearreducemean(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor | None,
    y_scale: Tensor,
    y_zero: Tensor | None = None,
    *,
    axes: list[int],
    keepdims: int,
) -> Tensor:
    """Scales and zero points are of the whole tensor."""
    found = dequantized(x, x_scale, x_zero).mean(axes, keepdim=bool(keepdims))
    return requantized(found, y_scale, y_zero, x.dtype)
