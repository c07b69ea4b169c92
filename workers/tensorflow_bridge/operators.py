"""Operators that tf2onnx has no handler for, as handlers of the same kind."""

from functools import cache
from typing import Any


@cache
def register() -> None:
    """Add the handlers to tf2onnx, once a process."""
    from tf2onnx.handler import tf_op

    tf_op("Erfc").register_compat_handler(erfc, 9)


def erfc(graph: Any, node: Any, **_: Any) -> None:
    """erfc(x) = 1 - erf(x). Keras' exact GELU is written with it."""
    import numpy as np
    from tf2onnx import utils

    shapes, dtypes = node.output_shapes, node.output_dtypes
    one = np.array(1, dtype=utils.map_onnx_to_numpy_type(dtypes[0]))
    constant = graph.make_const(utils.make_name("one"), one)
    graph.remove_node(node.name)
    erf = graph.make_node("Erf", [node.input[0]], shapes=shapes, dtypes=dtypes)
    graph.make_node(
        "Sub",
        [constant.output[0], erf.output[0]],
        outputs=node.output,
        name=node.name,
        shapes=shapes,
        dtypes=dtypes,
    )
