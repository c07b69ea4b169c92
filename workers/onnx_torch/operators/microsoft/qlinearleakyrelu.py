"""QLinearLeakyRelu: x where it is positive, else alpha * x, quantized."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearLeakyRelu")
def qlinearleakyrelu(
    x: Tensor,
    x_scale: Tensor,
    x_zero: Tensor | None,
    y_scale: Tensor,
    y_zero: Tensor | None = None,
    *,
    alpha: float | None,
) -> Tensor:
    """Scales and zero points are of the whole tensor."""
    slope = 0.01 if alpha is None else alpha
    found = functional.leaky_relu(dequantized(x, x_scale, x_zero), slope)
    return requantized(found, y_scale, y_zero, x.dtype)
