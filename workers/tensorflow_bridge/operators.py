"""Operators that tf2onnx has no handler for, as handlers of the same kind."""

from collections.abc import Callable
from functools import cache
from typing import Any

Rewriter = Callable[[Any, Any], Any]

RESIZES = ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")


@cache
def register() -> None:
    """Add the handlers to tf2onnx, once a process."""
    from tf2onnx import tfonnx
    from tf2onnx.handler import tf_op

    for name, handler in {
        "Bucketize": bucketize,
        "Erfc": erfc,
        "Expm1": expm1,
        "Log1p": log1p,
    }.items():
        tf_op(name).register_compat_handler(handler, 13 if name == "Bucketize" else 9)
    for name in RESIZES:
        tf_op(name).register_compat_handler(resize, 11)
    tfonnx.rewrite_gemm = _patient(tfonnx.rewrite_gemm)


def _patient(rewrite: Rewriter) -> Rewriter:
    """A rewriter of tf2onnx's that leaves the rest alone where it meets ranks it does not expect.

    It makes Gemm of MatMul and Add, which is nicer and no more right.
    """

    def rewritten(graph: Any, ops: Any) -> Any:
        try:
            return rewrite(graph, ops)
        except IndexError:
            return graph.get_nodes()

    return rewritten


def resize(graph: Any, node: Any, **more: Any) -> None:
    """tf2onnx' handler, by sizes where a scale would be rounded to another length.

    It divides lengths into a float32 scale, and ONNX multiplies it back and cuts off.
    """
    from tf2onnx.onnx_opset.nn import Resize

    size, shape = node.inputs[1], graph.get_shape(node.input[0])
    if size.is_const() and shape and _drifts(shape[1:3], size.get_tensor_value()):
        hidden = graph.make_node("Identity", [node.input[1]], shapes=[[2]])
        graph.replace_input(node, node.input[1], hidden.output[0], 1)
    Resize.version_11(graph, node, **more)


def _drifts(lengths: Any, wanted: Any) -> bool:
    import numpy as np

    pairs = zip(lengths, wanted, strict=True)
    return any(old > 0 and int(float(np.float32(new / old)) * old) != new for old, new in pairs)


def bucketize(graph: Any, node: Any, **_: Any) -> None:
    """How many of the boundaries a value reaches. Keras' Discretization is written with it."""
    import numpy as np
    from onnx import TensorProto
    from tf2onnx import utils

    shape = node.output_shapes[0]
    bounds = np.array(node.get_attr_value("boundaries"), np.float32)
    steps = str(graph.make_const(utils.make_name("boundaries"), bounds).output[0])
    last = str(graph.make_const(utils.make_name("axis"), np.array([-1], np.int64)).output[0])

    def make(operator: str, inputs: list[str], dtype: int, **attributes: Any) -> str:
        made = graph.make_node(operator, inputs, attr=attributes, dtypes=[dtype], shapes=[None])
        return str(made.output[0])

    value = make("Cast", [node.input[0]], TensorProto.FLOAT, to=TensorProto.FLOAT)
    column = make("Unsqueeze", [value, last], TensorProto.FLOAT)
    below = make("Less", [column, steps], TensorProto.BOOL)
    reached = make("Not", [below], TensorProto.BOOL)
    ones = make("Cast", [reached], TensorProto.INT32, to=TensorProto.INT32)
    outputs, dtypes = node.output, node.output_dtypes
    graph.remove_node(node.name)
    graph.make_node(
        "ReduceSum",
        [ones, last],
        attr={"keepdims": 0},
        outputs=outputs,
        name=node.name,
        shapes=[shape],
        dtypes=dtypes,
    )


def erfc(graph: Any, node: Any, **_: Any) -> None:
    """erfc(x) = 1 - erf(x). Keras' exact GELU is written with it."""
    one = _one(graph, node)
    erf = _step(graph, node, "Erf", [node.input[0]])
    _last(graph, node, "Sub", [one, erf])


def expm1(graph: Any, node: Any, **_: Any) -> None:
    """exp(x) - 1. Digits are lost near zero, but not more than the tolerance allows."""
    one = _one(graph, node)
    power = _step(graph, node, "Exp", [node.input[0]])
    _last(graph, node, "Sub", [power, one])


def log1p(graph: Any, node: Any, **_: Any) -> None:
    """log(1 + x), with the same remark."""
    total = _step(graph, node, "Add", [node.input[0], _one(graph, node)])
    _last(graph, node, "Log", [total])


def _one(graph: Any, node: Any) -> str:
    import numpy as np
    from tf2onnx import utils

    value = np.array(1, dtype=utils.map_onnx_to_numpy_type(node.output_dtypes[0]))
    return str(graph.make_const(utils.make_name("one"), value).output[0])


def _step(graph: Any, node: Any, operator: str, inputs: list[str]) -> str:
    made = graph.make_node(operator, inputs, shapes=node.output_shapes, dtypes=node.output_dtypes)
    return str(made.output[0])


def _last(graph: Any, node: Any, operator: str, inputs: list[str]) -> None:
    """Put the operator in the node's place, under its name and with its outputs."""
    shapes, dtypes = node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    graph.make_node(
        operator, inputs, outputs=node.output, name=node.name, shapes=shapes, dtypes=dtypes
    )
