"""OptionalHasElement: whether an optional has a value."""

import numpy as np

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("OptionalHasElement")
def optional_has_element(x: Raw | None = None) -> Constant:
    """Known before anything is computed."""
    return Constant(np.array(x is not None))
