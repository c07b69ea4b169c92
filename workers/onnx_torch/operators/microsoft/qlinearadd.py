"""QLinearAdd: a + b, quantized."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearAdd")
def qlinearadd(  # noqa: PLR0917 - ONNX Runtime's inputs
    a: Tensor,
    a_scale: Tensor,
    a_zero: Tensor | None,
    b: Tensor,
    b_scale: Tensor,
    b_zero: Tensor | None,
    c_scale: Tensor,
    c_zero: Tensor | None = None,
) -> Tensor:
    """Each has a scale and a zero point of its own; broadcast to each other."""
    found = dequantized(a, a_scale, a_zero) + dequantized(b, b_scale, b_zero)
    return requantized(found, c_scale, c_zero, a.dtype)
