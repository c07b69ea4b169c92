"""Layers: what exporters take apart or merge, as the layers that the model had.

A linear layer is written as a product with a transposed weight and a sum; an embedding as a
Gather; biases that happen to be equal as one. Put together again they are what a person would
have written, and what torch has kernels for.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from workers.onnx_graph.lifetimes import with_lifetimes
from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.values import Constant
from workers.onnx_torch.naming import LAYERS, SEPARATORS, every

DOMAIN: Final = "modelferry"
"""Of operators that no file holds: they are made here."""

TABLES: Final = ("weight", "embeddings")
"""What the table of an embedding layer is called, whose indices are never negative: both
frameworks refuse such a one there. ONNX's Gather would count it from the end."""

SMALL: Final = 1 << 16
"""Bytes: what is no larger is cheap to have several times."""

MATRIX: Final = 2


def with_layers(graph: Graph) -> Graph:
    """The graph with its layers put together; graphs within it stay as they are."""
    return with_lifetimes(_with_embeddings(_with_own_vectors(_with_linear(graph))))


def _with_own_vectors(graph: Graph) -> Graph:
    """A small vector that several layers read is each one's own: an exporter merged them.

    The layer that it is named after keeps it; the others get copies without a name of their
    own, which are called after whoever reads them.
    """
    readers = defaultdict(list)
    for node in every(graph):
        for index, name in enumerate(node.inputs):
            readers[name].append((node, index))
    constants = dict(graph.constants)
    renamed: dict[int, dict[int, str]] = defaultdict(dict)
    for name, each in graph.constants.items():
        layers = [(node, index) for node, index in readers[name] if node.operator in LAYERS]
        shared = len({node.scope for node, _ in layers}) > 1 and len(layers) == len(readers[name])
        if not shared or each.array.ndim != 1 or each.array.nbytes > SMALL:
            continue
        layers.sort(key=lambda reader: not _is_named_after(name, reader[0]))
        for number, (node, index) in enumerate(layers[1:], 2):
            own = f"{name}#{number}"
            constants[own] = Constant(each.array, own)
            renamed[id(node)][index] = own
    nodes = tuple(_reading(node, renamed.get(id(node), {})) for node in graph.nodes)
    return replace(graph, nodes=nodes, constants=constants)


def _is_named_after(name: str, node: Node) -> bool:
    """Whether the initializer's path leads through the module that the node is in."""
    folder = ".".join(SEPARATORS.split(name)[:-1])
    return bool(node.scope) and folder.endswith(".".join(SEPARATORS.split(".".join(node.scope))))


def _reading(node: Node, names: Mapping[int, str]) -> Node:
    if not names:
        return node
    inputs = tuple(names.get(index, name) for index, name in enumerate(node.inputs))
    return replace(node, inputs=inputs)


def _with_linear(graph: Graph) -> Graph:
    """Products with a weight, and the bias that is added behind them, as one call.

    A weight that something else reads, too, stays where it is.
    """
    reads = Counter(
        (name, node.operator, index)
        for node in graph.nodes  # those within it stay as they are, and so must their weights
        for index, name in enumerate(node.inputs)
    )
    uses = Counter(name for node in every(graph) for name in node.inputs)
    uses.update(port.name for port in graph.outputs)
    weights = {
        name: replace(each, array=each.array.T)
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
            nodes.append(_made(node, "Linear", node.inputs, node.outputs))
            continue
        added = readers[product]
        gone.add(id(added))
        nodes.append(_made(node, "Linear", (*node.inputs, bias), added.outputs))
    return replace(graph, nodes=tuple(nodes), constants={**graph.constants, **weights})


def _bias(reader: Node | None, product: str, weight: Constant, graph: Graph) -> str | None:
    """The name of the vector that is added to a product; None where there is none."""
    if reader is None or reader.operator != "Add" or reader.domain or len(reader.inputs) != MATRIX:
        return None
    others = [name for name in reader.inputs if name != product]
    if len(others) != 1 or others[0] not in graph.constants or reader.attributes:
        return None
    array: Any = graph.constants[others[0]].array
    return others[0] if array.shape == np.shape(weight.array)[:1] else None


def _with_embeddings(graph: Graph) -> Graph:
    return replace(
        graph,
        nodes=tuple(
            _made(node, "Embedding", node.inputs, node.outputs)
            if _is_embedding(node, graph)
            else node
            for node in graph.nodes
        ),
    )


def _is_embedding(node: Node, graph: Graph) -> bool:
    table = graph.constants.get(node.inputs[0]) if node.operator == "Gather" else None
    return (
        table is not None
        and not node.domain
        and node.attributes["axis"] == 0
        and table.array.ndim == MATRIX
        and table.array.dtype.kind == "f"
        and node.inputs[0].replace("/", ".").rpartition(".")[2] in TABLES
        and node.inputs[1] not in graph.constants
    )


def _made(node: Node, operator: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Node:
    return replace(
        node,
        domain=DOMAIN,
        operator=operator,
        version=1,
        attributes={},
        inputs=inputs,
        outputs=outputs,
    )
