"""ConcatFromSequence: the elements of a sequence as one tensor."""

from typing import Any

import numpy as np
import torch

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.knowing import tensor


@operator("ConcatFromSequence")
def concat_from_sequence(sequence: Raw, *, axis: int, new_axis: int | None) -> Any:
    """Along one of their axes, or a new one."""
    parts = [tensor(each) for each in sequence]
    if any(isinstance(each, np.ndarray) for each in parts):
        return np.stack(parts, axis) if new_axis else np.concatenate(parts, axis)
    return torch.stack(parts, axis) if new_axis else torch.cat(parts, axis)
