"""com.microsoft.Range: numbers from one to another."""

import numpy as np
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_torch.operators.range import range_ as numbers


@operator("Range")
def range_(start: Raw, limit: Raw, delta: Raw | None = None) -> Tensor:
    """By ones, where no step is given."""
    if delta is None:
        known = start.array.dtype if isinstance(start, Constant) else np.dtype("int64")
        delta = Constant(np.ones((), known))
    return numbers(start, limit, delta)
