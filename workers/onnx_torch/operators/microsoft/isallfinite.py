"""com.microsoft.IsAllFinite: whether there is nothing infinite, and nothing that is no number."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("IsAllFinite")
def is_all_finite(*xs: Tensor, isinf_only: int | None, isnan_only: int | None) -> Tensor:
    """Or one of the two only."""
    test = torch.isinf if isinf_only else torch.isnan
    if not isinf_only and not isnan_only:
        return torch.stack([torch.isfinite(x).all() for x in xs]).all()
    return ~torch.stack([test(x).any() for x in xs]).any()
