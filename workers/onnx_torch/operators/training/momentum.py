"""Momentum: a step that goes on in the direction of those before it."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.optimizing import in_order, parted


@operator("Momentum")
def momentum(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    alpha: float,
    beta: float,
    mode: str,
    norm_coefficient: float,
) -> tuple[Tensor, ...]:
    """Tensors, gradients and momenta, of as many tensors as there are."""
    made = []
    current = torch.where(count > 0, beta, 1.0)
    for x, gradient, before in parted(tensors, 3):
        regular = norm_coefficient * x + gradient
        after = alpha * before + current * regular
        step = regular + alpha * after if mode == "nesterov" else after
        made.append((x - rate * step, after))
    return in_order(made)
