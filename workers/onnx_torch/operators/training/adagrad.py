"""Adagrad: a step against the gradient, the smaller the more a tensor has moved."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.optimizing import in_order, parted


@operator("Adagrad")
def adagrad(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    decay_factor: float,
    epsilon: float,
    norm_coefficient: float,
) -> tuple[Tensor, ...]:
    """Tensors, gradients and squared gradients, of as many tensors as there are."""
    made = []
    current = rate / (1 + count * decay_factor)
    for x, gradient, squares in parted(tensors, 3):
        regular = norm_coefficient * x + gradient
        added = squares + regular * regular
        made.append((x - current * regular / (added.sqrt() + epsilon), added))
    return in_order(made)
