"""Aliases: constants under other names, and constants that are nodes.

PyTorch's older exporter writes weights that are equal once, and an Identity for each of the
others; every exporter writes some constants as nodes. Here all of them are constants, under the
names that are read.
"""

from dataclasses import replace
from typing import Any, Final

from numpy.typing import NDArray

from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.values import Constant

VALUES: Final = ("value", "value_float", "value_floats", "value_int", "value_ints")


def with_constants(graph: Graph) -> Graph:
    """The graph without the nodes whose outputs are known before it is run.

    Its lifetimes are to be worked out anew.
    """
    constants = dict(graph.constants)
    kept: list[Node] = []
    for node in graph.nodes:
        known = None if node.domain else _known(node, constants)
        if known is None:
            kept.append(node)
        else:
            constants[node.outputs[0]] = known
    return replace(graph, nodes=tuple(kept), constants=constants)


def _known(node: Node, constants: dict[str, Constant]) -> Constant | None:
    if node.operator == "Identity":
        source = constants.get(node.inputs[0])
        return replace(source, name=node.outputs[0]) if source else None
    if node.operator == "Constant":
        for name in VALUES:
            if name in node.attributes:
                return Constant(_array(name, node.attributes[name]))
    return None


def _array(name: str, value: Any) -> NDArray[Any]:
    import numpy as np

    if name == "value":
        tensor: NDArray[Any] = value
        return tensor
    return np.asarray(value, dtype="float32" if "float" in name else "int64")
