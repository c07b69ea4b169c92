"""Imputer: missing features filled in."""

from math import isnan

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("Imputer")
def imputer(
    x: Tensor,
    *,
    imputed_value_floats: list[float] | None,
    imputed_value_int64s: list[int] | None,
    replaced_value_float: float,
    replaced_value_int64: int,
) -> Tensor:
    """What counts as missing is a number, or not a number."""
    if imputed_value_floats:
        values = torch.tensor(imputed_value_floats, dtype=x.dtype)
        lost = x.isnan() if isnan(replaced_value_float) else x == replaced_value_float
    else:
        values = torch.tensor(imputed_value_int64s, dtype=x.dtype)
        lost = x == replaced_value_int64
    return torch.where(lost, values, x)
