"""Graphs: what is left of a ModelProto when it has been read, checked and put in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.domain.signatures import Dim
from workers.onnx_graph.values import Constant

PortKind = Literal["tensor", "sequence", "optional", "map", "unknown"]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a graph.

    `dtype` is ONNX's enum (TensorProto.DataType); of a sequence or an optional, that of the
    tensors within. None is what the file does not say.
    """

    name: str
    kind: PortKind
    dtype: int | None
    shape: tuple[Dim, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One call of an operator.

    `version` is that of the operator's schema in force at the model's `opset`. An input that
    is left out, or an output that nobody wants, is "". `attributes` hold those of the file and
    the schema's defaults: numbers, strings, lists of them, numpy arrays, TypeProtos, Graphs.
    `scope` are the names of the modules that the node was exported from, outermost first.
    `last` are the values that no later node of its graph reads.
    """

    name: str
    domain: str
    operator: str
    version: int
    opset: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    scope: tuple[str, ...]
    input_dtypes: tuple[int | None, ...]
    output_dtypes: tuple[int | None, ...]
    last: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The operator as people call it: with its domain where it is not ONNX's own."""
        return f"{self.domain}.{self.operator}" if self.domain else self.operator


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes in an order in which they can be run; `constants` are the initializers by name.

    `captured` are the names that the graph reads from those around it.
    """

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, Constant]
    captured: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The main graph. `opsets` by domain; `metadata` is the file's own."""

    graph: Graph
    opsets: Mapping[str, int]
    producer: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
