"""SVMRegressor: a number by how near the features are to support vectors."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.kernels import compared
from workers.onnx_torch.scores import transformed


@operator("SVMRegressor")
def svm_regressor(
    x: Tensor,
    *,
    coefficients: list[float],
    kernel_params: list[float] | None,
    kernel_type: str,
    n_supports: int,
    one_class: int,
    post_transform: str,
    rho: list[float],
    support_vectors: list[float] | None,
) -> Tensor:
    """Without vectors the coefficients are those of a linear function."""
    weights = torch.tensor(coefficients)
    if n_supports:
        vectors = torch.tensor(support_vectors).reshape(n_supports, -1)
        found = compared(x.float(), vectors, kernel_type, kernel_params) @ weights
    else:
        found = compared(x.float(), weights[None], kernel_type, kernel_params)[:, 0]
    scores = (found + rho[0])[:, None]
    if one_class:
        return torch.where(scores > 0, 1.0, -1.0)
    return transformed(scores, post_transform)
