"""Images: which inputs of a graph come to an operator that wants channels last."""

from typing import Final

from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_tensorflow.layout import SPATIAL

TAKERS: Final = frozenset({
    "AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose",
    "GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization", "LRN", "MaxPool",
    "QLinearConv", "Resize", "Upsample",
})  # fmt: skip

THROUGH: Final = frozenset({
    "Add", "Cast", "Clip", "DequantizeLinear", "Div", "Identity", "LeakyRelu", "Mul", "Pad",
    "PRelu", "QuantizeLinear", "Relu", "Sub",
})  # fmt: skip
"""Operators that leave an image an image."""


def image_inputs(graph: Graph) -> frozenset[str]:
    """Names of the inputs that are images, volumes or lines with channels."""
    came_from = {port.name: port.name for port in graph.inputs}
    found: set[str] = set()
    for node in graph.nodes:
        origin = next((came_from[name] for name in node.inputs if name in came_from), None)
        if origin is None:
            continue
        if _takes(node) and node.inputs[0] in came_from:
            found.add(came_from[node.inputs[0]])
        elif node.operator in THROUGH and not node.domain:
            came_from.update(dict.fromkeys(filter(None, node.outputs), origin))
    ranks = {port.name: len(port.shape or ()) for port in graph.inputs}
    return frozenset(name for name in found if ranks[name] >= SPATIAL)


def _takes(node: Node) -> bool:
    return node.operator in TAKERS and not node.domain
