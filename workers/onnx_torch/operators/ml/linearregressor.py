"""LinearRegressor: linear functions of the features."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.scores import transformed


@operator("LinearRegressor")
def linear_regressor(
    x: Tensor,
    *,
    coefficients: list[float],
    intercepts: list[float] | None,
    post_transform: str,
    targets: int,
) -> Tensor:
    """One for each target."""
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    weights = torch.tensor(coefficients).reshape(targets, -1)
    bias = None if not intercepts else torch.tensor(intercepts)
    return transformed(functional.linear(rows.float(), weights, bias), post_transform)
