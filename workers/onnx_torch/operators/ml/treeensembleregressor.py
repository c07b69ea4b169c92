"""TreeEnsembleRegressor: numbers that the leaves of decision trees add up to."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.scores import transformed
from workers.onnx_torch.trees import aggregated, grown


@operator("TreeEnsembleRegressor")
def tree_ensemble_regressor(
    x: Tensor,
    *,
    aggregate_function: str,
    base_values: list[float] | None,
    base_values_as_tensor: Any | None,
    n_targets: int,
    node: Any,
    post_transform: str,
) -> Tensor:
    """Base values come on top of whatever the trees say together."""
    forest = grown(node.attributes, "target", n_targets)
    total = aggregated(x, forest, aggregate_function)
    base = base_values if base_values_as_tensor is None else base_values_as_tensor.tolist()
    if base:
        total = total + torch.tensor(base, dtype=total.dtype)
    return transformed(total, post_transform).float()
