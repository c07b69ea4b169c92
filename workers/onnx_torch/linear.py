"""Linear layers: a product with a weight, and the bias added behind it, as one call.

Exporters write `x @ W + b` of two nodes and a transposed weight. Put together again it is the
layer that the model had, for whoever reads the program and for torch's kernels.
"""

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import numpy as np

from workers.onnx_graph.lifetimes import with_lifetimes
from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.values import Constant
from workers.onnx_torch.naming import every

DOMAIN: Final = "modelferry"
"""Of operators that no file holds: they are made here."""

MATRIX: Final = 2


def with_linear(graph: Graph) -> Graph:
    """The graph with its linear layers put together; graphs within it stay as they are.

    A weight that something else reads, too, stays where it is.
    """
    reads = Counter(
        (name, node.operator, index)
        for node in every(graph)
        for index, name in enumerate(node.inputs)
    )
    uses = Counter(name for node in every(graph) for name in node.inputs)
    uses.update(port.name for port in graph.outputs)
    weights = {
        name: Constant(each.array.T, name)
        for name, each in graph.constants.items()
        if each.array.ndim == MATRIX
        and each.array.dtype.kind == "f"
        and 0 < uses[name] == reads[name, "MatMul", 1]
    }
    readers = {name: node for node in graph.nodes for name in node.inputs}
    nodes: list[Node] = []
    gone: set[int] = set()
    for node in graph.nodes:
        if id(node) in gone:
            continue
        if node.operator != "MatMul" or node.inputs[1] not in weights:
            nodes.append(node)
            continue
        product = node.outputs[0]
        bias = _bias(readers.get(product), product, weights[node.inputs[1]], graph)
        if bias is None or uses[product] != 1:
            nodes.append(_linear(node, node.inputs, node.outputs))
            continue
        added = readers[product]
        gone.add(id(added))
        nodes.append(_linear(node, (*node.inputs, bias), added.outputs))
    made = replace(graph, nodes=tuple(nodes), constants={**graph.constants, **weights})
    return with_lifetimes(made)


def _bias(reader: Node | None, product: str, weight: Constant, graph: Graph) -> str | None:
    """The name of the vector that is added to a product; None where there is none."""
    if reader is None or reader.operator != "Add" or reader.domain or len(reader.inputs) != MATRIX:
        return None
    others = [name for name in reader.inputs if name != product]
    if len(others) != 1 or others[0] not in graph.constants or reader.attributes:
        return None
    array: Any = graph.constants[others[0]].array
    return others[0] if array.shape == np.shape(weight.array)[:1] else None


def _linear(node: Node, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Node:
    return replace(
        node, domain=DOMAIN, operator="Linear", version=1, inputs=inputs, outputs=outputs
    )
