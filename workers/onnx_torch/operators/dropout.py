"""Dropout: nothing, unless the model is told to train."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.registry import operator
from workers.onnx_torch.scalars import scalar


@operator("Dropout", since=1)
def dropout_1(x: Tensor, *, node: Node) -> Tensor | tuple[Tensor, Tensor]:
    """A model that is carried elsewhere is there to infer, whatever `is_test` was left at."""
    if not any(node.outputs[1:]):
        return x
    return x, torch.ones_like(x, dtype=torch.bool if node.version >= 10 else x.dtype)  # noqa: PLR2004 - ONNX's version


@operator("Dropout", since=12)
def dropout(
    x: Tensor, ratio: Raw | None = None, training_mode: Raw | None = None
) -> tuple[Tensor, Tensor]:
    """In training, elements are zeroed at random and the others made up for them."""
    share: Any = 0.5 if ratio is None else scalar(ratio)
    training: Any = scalar(training_mode) if training_mode is not None else False
    if training is False or (not isinstance(share, Tensor) and share == 0):
        return x, torch.ones_like(x, dtype=torch.bool)
    kept = torch.rand_like(x, dtype=torch.float32) >= share
    if isinstance(training, Tensor):
        kept = kept | ~training
        share = torch.where(training, share, 0.0)
    return torch.where(kept, x / (1 - share), 0).to(x.dtype), kept
