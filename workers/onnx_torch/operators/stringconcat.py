"""StringConcat: strings put together, element by element."""

import numpy as np

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("StringConcat")
def string_concat(x: Array, y: Array) -> Constant:
    """Shapes are broadcast."""
    return Constant(np.asarray(x.astype(object) + y.astype(object), dtype=object))
