"""Names: where a node belongs in the module tree, and where its weights lie.

Exporters leave the names of modules in those of nodes and initializers, each in its own way. What
is made of a graph should look like the model that it was exported from.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from workers.onnx_graph.nodes import Graph, Node

SEPARATORS: Final = re.compile(r"[./]+|::")
FOREIGN: Final = re.compile(r"\W")
TOLD: Final = re.compile(
    r"^[A-Za-z_]\w*(\.\w+)*\.(\w*weight\w*|\w*bias\w*|running_\w+|\w*embeddings?|gamma|beta|\w+)$"
)
"""A dotted path such as PyTorch gives to parameters."""

ROLES: Final[Mapping[tuple[str, int], str]] = {
    ("BatchNormalization", 3): "running_mean",
    ("BatchNormalization", 4): "running_var",
    ("Embedding", 0): "weight",
    ("Gather", 0): "weight",
    ("PRelu", 1): "weight",
    ("LSTM", 2): "recurrent_weight",
    ("GRU", 2): "recurrent_weight",
    ("RNN", 2): "recurrent_weight",
    ("LSTM", 3): "bias",
    ("GRU", 3): "bias",
    ("RNN", 3): "bias",
    ("Add", 0): "bias",
    ("Add", 1): "bias",
}
"""What an input is called in a layer: by operator and index. Else 1 is the weight, 2 the bias."""

BIAS: Final = 2
"""The index of the bias among the inputs of most layers."""

LAYERS: Final = frozenset(
    {"Conv", "ConvTranspose", "Gemm", "MatMul", "Linear", "Embedding", "BatchNormalization",
     "Gather", "PRelu", "LayerNormalization", "InstanceNormalization", "GroupNormalization",
     "RMSNormalization", "LSTM", "GRU", "RNN", "QLinearConv", "QLinearMatMul"}
)  # fmt: skip
"""Operators that people call layers: a constant that they read is a weight."""


def scopes(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Module names for every node, as names of Python, without what all of them begin with."""
    found = {
        node.name: tuple(part for each in node.scope for part in _parts(each))
        for node in every(graph)
    }
    common = _common([scope for scope in found.values() if scope])
    first = next((scope[0] for scope in found.values() if scope), None)
    if any(TOLD.match(name) and _parts(name)[0] == first for name in graph.constants):
        common = 0  # the weights' own paths begin with it, too
    return {name: scope[common:] for name, scope in found.items()}


def paths(graph: Graph) -> dict[str, str]:
    """A dotted path for every initializer that a node reads, by the initializer's name.

    One that is called like a parameter of PyTorch keeps its name. Another is named after the
    layer that reads it, if it is one layer's alone.
    """
    where = scopes(graph)
    readers: dict[str, list[tuple[Node, int]]] = defaultdict(list)
    for node in every(graph):
        for index, name in enumerate(node.inputs):
            if name:
                readers[name].append((node, index))
    found: dict[str, str] = {}
    for name in graph.constants:
        plain = ".".join(_parts(name)) or "weight"
        found[name] = plain if TOLD.match(name) else _of_reader(readers[name], where) or plain
    return found | dict(_biases(found, readers))


def _biases(
    paths: Mapping[str, str], readers: Mapping[str, list[tuple[Node, int]]]
) -> Iterator[tuple[str, str]]:
    """Where a layer's weight is `conv.weight`, its bias is `conv.bias`: an exporter that folds a
    normalisation into a convolution makes one up, and a name for it."""
    taken = set(paths.values())
    for name in paths:
        if len(readers[name]) != 1:
            continue
        node, index = readers[name][0]
        if index != BIAS or node.operator not in LAYERS:
            continue
        folder, _, leaf = paths.get(node.inputs[1], "").rpartition(".")
        wanted = f"{folder}.bias"
        if folder and leaf == "weight" and wanted not in taken:
            taken.add(wanted)
            yield name, wanted


def every(graph: Graph) -> Iterator[Node]:
    """The nodes of a graph and of the graphs within it."""
    for node in graph.nodes:
        yield node
        for value in node.attributes.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Graph):
                    yield from every(each)


def _of_reader(
    readers: list[tuple[Node, int]], where: Mapping[str, tuple[str, ...]]
) -> str | None:
    scopes = {where[node.name] for node, _ in readers}
    if len(scopes) != 1 or not (scope := scopes.pop()):
        return None
    node, index = readers[0]
    if node.operator not in LAYERS and (node.operator, index) not in ROLES:
        return None
    role = ROLES.get((node.operator, index)) or {1: "weight", 2: "bias"}.get(index, "weight")
    return ".".join((*scope, role))


def _parts(text: str) -> list[str]:
    return [FOREIGN.sub("_", part) for part in SEPARATORS.split(text) if part]


def _common(scopes: list[tuple[str, ...]]) -> int:
    """How many names all scopes begin with."""
    if not scopes:
        return 0
    first, last = min(scopes), max(scopes)
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return min(count, *(len(each) for each in scopes))
