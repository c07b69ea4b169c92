"""Sign: -1, 0 or 1."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.unsigned import WIDE


@operator("Sign")
def sign(x: Tensor) -> Tensor:
    """In the dtype of x."""
    return (x != 0).to(x.dtype) if x.dtype in WIDE else torch.sign(x)
