"""SkipSimplifiedLayerNormalization: x, what goes past it and a bias, by their mean square."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.skipping import LEAST, by_root_mean_square, inverse_deviation, summed


@operator("SkipSimplifiedLayerNormalization")
def skipsimplifiedlayernormalization(
    x: Tensor,
    skip: Tensor,
    gamma: Tensor,
    bias: Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Along the last axis. The sum goes out as the fourth."""
    small = LEAST if epsilon is None else epsilon
    whole = summed(x, skip, bias)
    found, inverse = by_root_mean_square(whole, gamma, small)
    return found, inverse_deviation(whole, small)[0], inverse, whole
