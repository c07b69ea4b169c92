"""LayerNormalization: by the mean and the variance of all axes from one on."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import TORCH


@operator("LayerNormalization")
def layernormalization(
    x: Tensor,
    scale: Tensor,
    b: Tensor | None = None,
    *,
    axis: int | None,
    epsilon: float | None,
    stash_type: int | None,
    node: Node,
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """torch has the first output; mean and inverse deviation are computed if they are wanted."""
    first = (-1 if axis is None else axis) % x.ndim
    shape = list(x.shape[first:])
    small = 1e-5 if epsilon is None else epsilon
    if scale.dtype == x.dtype and all(
        list(each.shape) == shape for each in (scale, b) if each is not None
    ):
        found = functional.layer_norm(x, shape, scale, b, small)
    else:
        scaled = functional.layer_norm(x, shape, eps=small) * scale
        found = scaled if b is None else scaled + b
    if not any(node.outputs[1:]):
        return found
    wide = x.to(TORCH[stash_type or 1])
    axes = list(range(first, x.ndim))
    mean = wide.mean(axes, keepdim=True)
    inverse = torch.rsqrt(wide.var(axes, correction=0, keepdim=True) + small)
    return found, mean, inverse
