"""SplitToSequence: parts of a tensor as a sequence."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.knowing import scalar, tensor
from workers.onnx_torch.texts import textual


@operator("SplitToSequence")
@textual
def split_to_sequence(
    x: Tensor, split: Raw | None = None, *, axis: int, keepdims: int
) -> list[Any]:
    """Of one length, of the lengths given, or single slices."""
    if split is None:
        parts = x.split(1, axis)
        return list(parts) if keepdims else [each.squeeze(axis) for each in parts]
    lengths = tensor(split)
    if lengths.ndim == 0:
        return list(x.split(int(scalar(split)), axis))
    return list(x.split(lengths.tolist(), axis))
