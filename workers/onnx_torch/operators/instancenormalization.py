"""InstanceNormalization: by the mean and the variance of each channel of each example."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("InstanceNormalization")
def instancenormalization(x: Tensor, scale: Tensor, b: Tensor, *, epsilon: float) -> Tensor:
    """Each channel is a group of its own, which torch allows to be of one element."""
    return torch.group_norm(x, x.shape[1], scale, b, epsilon)
