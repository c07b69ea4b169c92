"""Handlers: TensorFlow Lite's operators that tf2onnx has no handler for."""

from collections.abc import Callable
from functools import cache, partial
from math import pi, sqrt
from typing import Any

Handler = Callable[..., None]


@cache
def register() -> None:
    """Add the handlers to tf2onnx, once a process."""
    from tf2onnx import handler

    from workers.tensorflow_bridge import operators

    operators.register()
    own: dict[str, Handler] = {
        "TFL_GELU": gelu,
        "TFL_EMBEDDING_LOOKUP": embedding_lookup,
        "TFL_FULLY_CONNECTED": fully_connected,
        "TFL_ARG_MAX": partial(_along_one_axis, "ArgMax"),
        "TFL_ARG_MIN": partial(_along_one_axis, "ArgMin"),
        "TFL_RELU_0_TO_1": relu_0_to_1,
        "TFL_RELU_N1_TO_1": relu_n1_to_1,
    }
    for name, handle in own.items():
        handler.tfl_op([name])(type(name, (), {"to_tf": staticmethod(handle)}))


def gelu(graph: Any, node: Any, **_: Any) -> None:
    """x · Φ(x), or its approximation by tanh. Hendrycks and Gimpel, arXiv:1606.08415."""
    make = _Maker(graph, node)
    x = node.input[0]
    if node.get_attr_value("approximate"):
        cube = make("Mul", make("Mul", x, x), x)
        inner = make("Mul", make("Add", x, make("Mul", cube, 0.044715)), sqrt(2 / pi))
        bell = make("Tanh", inner)
    else:
        bell = make("Erf", make("Mul", x, 1 / sqrt(2)))
    half = make("Mul", make("Add", bell, 1.0), 0.5)
    make.last("Mul", x, half)


def relu_0_to_1(graph: Any, node: Any, **_: Any) -> None:
    make = _Maker(graph, node)
    make.last("Minimum", make("Maximum", node.input[0], 0.0), 1.0)


def relu_n1_to_1(graph: Any, node: Any, **_: Any) -> None:
    make = _Maker(graph, node)
    make.last("Minimum", make("Maximum", node.input[0], -1.0), 1.0)


def embedding_lookup(graph: Any, node: Any, **_: Any) -> None:
    """Rows of the second input by the indices of the first."""
    indices, table = node.input
    _Maker(graph, node).last("GatherV2", table, indices, 0)


def fully_connected(graph: Any, node: Any, **_: Any) -> None:
    """x · wᵀ + b. tf2onnx' own drops the bias where x has to be flattened first."""
    import numpy as np
    from tf2onnx import utils
    from tf2onnx.tflite_handlers.tfl_math import separate_fused_activation_function

    if node.get_attr_value("weights_format") not in {b"DEFAULT", "DEFAULT"}:
        raise ValueError("its weights are shuffled")
    separate_fused_activation_function(graph, node)
    make = _Maker(graph, node)
    x, weights, *bias = node.input
    if not node.get_attr_value("keep_num_dims") and graph.get_rank(x) != 2:  # noqa: PLR2004 - rows
        rows = graph.make_const(
            utils.make_name("rows"), np.array([-1, graph.get_shape(weights)[1]], np.int64)
        )
        x = make("Reshape", x, str(rows.output[0]))
    turned = graph.make_const(utils.make_name("turned"), np.array([1, 0], np.int32))
    weights = make("Transpose", weights, str(turned.output[0]))
    if not bias:
        make.last("MatMul", x, weights)
        return
    make.last("Add", make("MatMul", x, weights), bias[0])


def _along_one_axis(operator: str, graph: Any, node: Any, **_: Any) -> None:
    """The axis may be a list of one, which tf2onnx' handler does not take."""
    from tf2onnx import utils

    axis = node.inputs[1].get_tensor_value(as_list=False).reshape(())
    scalar = graph.make_const(utils.make_name("axis"), axis)
    graph.replace_inputs(node, [node.input[0], scalar.output[0]])
    node.type = operator


class _Maker:
    """Makes nodes in the place of one, in its name's scope and of its type."""

    def __init__(self, graph: Any, node: Any) -> None:
        self.graph, self.node = graph, node

    def __call__(self, operator: str, *inputs: Any) -> str:
        shape, dtype = self.node.output_shapes[0], self.node.output_dtypes[0]
        return self._made(operator, inputs, [shape], [dtype])

    def last(self, operator: str, *inputs: Any) -> None:
        """The node that gives what the replaced one gave, under its name."""
        node, graph = self.node, self.graph
        names = [self._name(each) for each in inputs]
        shapes, dtypes = node.output_shapes, node.output_dtypes
        graph.remove_node(node.name)
        graph.make_node(
            operator,
            names,
            outputs=node.output,
            name=node.name,
            shapes=shapes,
            dtypes=dtypes,
            skip_conversion=False,
        )

    def _made(self, operator: str, inputs: Any, shapes: Any, dtypes: Any) -> str:
        made = self.graph.make_node(
            operator,
            [self._name(each) for each in inputs],
            shapes=shapes,
            dtypes=dtypes,
            skip_conversion=False,
            op_name_scope=self.node.name,
        )
        return str(made.output[0])

    def _name(self, value: Any) -> str:
        """Numbers become constants: whole ones int32, others of the node's type."""
        import numpy as np
        from tf2onnx import utils

        if isinstance(value, str):
            return value
        kind: Any = np.int32
        if isinstance(value, float):
            kind = utils.map_onnx_to_numpy_type(self.node.output_dtypes[0])
        return str(
            self.graph.make_const(utils.make_name("const"), np.array(value, kind)).output[0]
        )
