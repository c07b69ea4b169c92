"""Scaler: features moved and scaled."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Scaler")
def scaler(x: Tensor, *, offset: list[float], scale: list[float]) -> Tensor:
    """(x - offset) * scale, one of either for all features or for each."""
    return (x.float() - torch.tensor(offset)) * torch.tensor(scale)
