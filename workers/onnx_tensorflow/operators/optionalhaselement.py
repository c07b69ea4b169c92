"""OptionalHasElement: whether an optional is not empty."""

import numpy as np

from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.layout import Stored


@operator("OptionalHasElement")
def optional_has_element(x: Stored | None = None) -> Constant:
    """Known before the model runs."""
    return Constant(np.array(x is not None))
