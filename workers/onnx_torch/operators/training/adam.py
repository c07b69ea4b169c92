"""Adam: a step against the mean of the gradients, by the root of their mean square."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.optimizing import in_order, parted


@operator("Adam")
def adam(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    alpha: float,
    beta: float,
    epsilon: float,
    norm_coefficient: float,
    norm_coefficient_post: float,
) -> tuple[Tensor, ...]:
    """Tensors, gradients, their means and mean squares, of as many tensors as there are."""
    made = []
    begun = torch.sqrt(1 - beta**count) / (1 - alpha**count)
    current = torch.where(count > 0, rate * begun, rate)
    for x, gradient, mean, square in parted(tensors, 4):
        regular = norm_coefficient * x + gradient
        first = alpha * mean + (1 - alpha) * regular
        second = beta * square + (1 - beta) * regular * regular
        moved = x - current * first / (second.sqrt() + epsilon)
        made.append(((1 - norm_coefficient_post) * moved, first, second))
    return in_order(made)
