"""Concat: tensors one after another along an axis."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("Concat")
@textual
def concat_1(*xs: Tensor, axis: int | None) -> Tensor:
    """At first the axis could be left out, and was the second."""
    return concat(*xs, axis=1 if axis is None else axis)


@operator("Concat", since=4)
@textual
def concat(*xs: Tensor, axis: int) -> Tensor:
    """Empty ones count, too: their shapes must fit."""
    return xs[0] if len(xs) == 1 else torch.cat(xs, axis)
