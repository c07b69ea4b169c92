"""SkipLayerNormalization: the layer norm of x, what goes past it, and a bias."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.skipping import LEAST, inverse_deviation, summed


@operator("SkipLayerNormalization")
def skiplayernormalization(
    x: Tensor,
    skip: Tensor,
    gamma: Tensor,
    beta: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Along the last axis. Mean and inverse deviation go out, and the sum."""
    small = LEAST if epsilon is None else epsilon
    whole = summed(x, skip, bias)
    found = functional.layer_norm(whole, list(gamma.shape), gamma, beta, small)
    return (found, *inverse_deviation(whole, small), whole)
