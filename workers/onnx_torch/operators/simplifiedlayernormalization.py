"""SimplifiedLayerNormalization: ONNX Runtime's RMSNormalization, in ONNX's own domain."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.halves import widened


@operator("SimplifiedLayerNormalization")
def simplifiedlayernormalization(
    x: Tensor, scale: Tensor, *, axis: int | None, epsilon: float | None
) -> tuple[Tensor, Tensor]:
    """By the root of the mean square of all axes from `axis` on, which goes out inverted."""
    wide = widened(x)
    axes = list(range((-1 if axis is None else axis) % x.ndim, x.ndim))
    mean = (wide * wide).mean(axes, keepdim=True)
    inverse = (mean + (1e-5 if epsilon is None else epsilon)).rsqrt()
    return (wide * inverse).to(scale.dtype) * scale, inverse
