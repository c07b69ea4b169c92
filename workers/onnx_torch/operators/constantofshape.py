"""ConstantOfShape: one value in every place of a shape."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_torch.dtypes import tensor_of


@operator("ConstantOfShape")
def constant_of_shape(shape: Ints, *, value: Any | None) -> Tensor:
    """A float32 zero, where no value is given."""
    if value is None:
        return torch.zeros(shape)
    one = tensor_of(value.reshape(-1)[:1])
    return torch.full(shape, one.item(), dtype=one.dtype)
