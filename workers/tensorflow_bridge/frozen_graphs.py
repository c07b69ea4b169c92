"""Frozen graphs: a GraphDef whose weights are constants, as TensorFlow 1 wrote models."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, InvalidOptions, UnsupportedOperator
from shared.domain.formats import FROZEN_GRAPH
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.tensorflow_bridge.dimensions import half_named, named
from workers.tensorflow_bridge.saved_models import dtype_name
from workers.tensorflow_bridge.tracing import Callee, shape_of

ENTRIES: Final = {"Placeholder", "PlaceholderV2"}
VARIABLES: Final = {
    "VarHandleOp",
    "VariableV2",
    "Variable",
    "ReadVariableOp",
    "AutoReloadVariable",
}
TABLES: Final = {"HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2"}
SILENT: Final = {"Const", "NoOp", "Assert", "SaveV2", "RestoreV2", *ENTRIES}
"""Operators whose results nobody wants, where nothing else reads them."""

PLUMBING: Final = {"Const", "NoOp", "Identity", *ENTRIES}


@dataclass(frozen=True, slots=True)
class Graph:
    """A GraphDef and the tensors, by name, that go into it and come out of it."""

    proto: Any
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read(
    path: Path, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None
) -> Graph:
    """Parse a `.pb`.

    Args:
        inputs: tensors or nodes to feed; the placeholders, where None.
        outputs: tensors or nodes to fetch; those that nothing reads, where None.

    Raises:
        InvalidModel: it is damaged, is not frozen, or has no output.
        UnsupportedOperator: it holds an operator that TensorFlow does not have.
        InvalidOptions: a name is not in the graph.
    """
    proto = _parsed(path)
    _check(proto)
    nodes = {node.name: node for node in proto.node}
    taken = _chosen(inputs, nodes, "graph_inputs") or [
        node.name for node in proto.node if node.op in ENTRIES
    ]
    given = _chosen(outputs, nodes, "graph_outputs") or _sinks(proto)
    if not given:
        raise InvalidModel(
            "The graph has no node whose result nothing else reads, so it has no output. Name some"
            " with the option graph_outputs."
        )
    return Graph(proto, tuple(map(_tensor, taken)), tuple(map(_tensor, given)))


def _parsed(path: Path) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework import graph_pb2

    try:
        proto = graph_pb2.GraphDef.FromString(path.read_bytes())
    except DecodeError as error:
        raise InvalidModel(
            "The file cannot be parsed as a GraphDef: it is cut short or damaged. Upload it again."
        ) from error
    if not proto.node:
        raise InvalidModel("The GraphDef holds no node.")
    return proto


def _check(proto: Any) -> None:
    """Operators must be TensorFlow's own, and hold nothing that lies outside of the graph.

    Raises:
        InvalidModel, UnsupportedOperator: as with `read`.
    """
    from tensorflow.python.framework import op_def_registry

    functions = {each.signature.name for each in proto.library.function}
    bodies = [node for each in proto.library.function for node in each.node_def]
    for node in (*proto.node, *bodies):
        if node.op in VARIABLES:
            raise InvalidModel(
                f"The graph is not frozen: the node {node.name!r} is a variable, whose value lies"
                " in a checkpoint. Freeze it (convert_variables_to_constants), or send the"
                " SavedModel.",
                node=node.name,
                operator=node.op,
            )
        if node.op in TABLES:
            raise UnsupportedOperator(
                f"The node {node.name!r} looks words up in a table, which is filled from outside"
                " of the graph. Name the tensor behind it with the option graph_inputs.",
                node=node.name,
                operator=node.op,
            )
        if node.op not in functions and op_def_registry.get(node.op) is None:
            raise UnsupportedOperator(
                f"The node {node.name!r} needs the operator {node.op}, which is no part of"
                " TensorFlow but of an add-on. Export the model without it.",
                node=node.name,
                operator=node.op,
            )


def _chosen(
    wanted: Sequence[str] | None, nodes: Mapping[str, Any], option: str
) -> Sequence[str] | None:
    for name in wanted or ():
        if name.split(":")[0] not in nodes:
            near = ", ".join(sorted(nodes)[:10])
            raise InvalidOptions(
                f"{option} names {name!r}, which is no node of the graph. It begins: {near}.",
                field=f"options.{option}",
            )
    return wanted


def _sinks(proto: Any) -> list[str]:
    read_by = {_node(each) for node in proto.node for each in node.input}
    return [node.name for node in proto.node if node.name not in read_by and node.op not in SILENT]


def _node(tensor: str) -> str:
    return tensor.removeprefix("^").split(":", 1)[0]


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def callee(graph: Graph) -> Callee:
    """The graph as a function on its inputs.

    Raises:
        InvalidModel: TensorFlow cannot build it.
    """
    import tensorflow as tf

    def run(*given: Any) -> Sequence[Any]:
        fed = dict(zip(graph.inputs, given, strict=True))
        answers: Sequence[Any] = tf.graph_util.import_graph_def(
            graph.proto, input_map=fed, return_elements=list(graph.outputs), name=""
        )
        return answers

    return Callee(signature=signature(graph), call=run, owner=tf.Module())


def signature(graph: Graph) -> Signature:
    """Inputs and outputs are called as their nodes are.

    Raises:
        InvalidModel: TensorFlow cannot build the graph.
    """
    import tensorflow as tf

    with tf.Graph().as_default() as built:
        try:
            tf.graph_util.import_graph_def(graph.proto, name="")
            taken = [built.get_tensor_by_name(name) for name in graph.inputs]
            given = [built.get_tensor_by_name(name) for name in graph.outputs]
        except (ValueError, KeyError, tf.errors.OpError) as error:
            lines = str(error).splitlines() or ["it does not say why"]
            raise InvalidModel(f"TensorFlow cannot build the graph: {lines[0][:300]}") from error
    return Signature(
        inputs=tuple(_described(each, entry=True) for each in taken),
        outputs=tuple(_described(each, entry=False) for each in given),
    )


def _described(tensor: Any, *, entry: bool) -> Tensor:
    name = tensor.name.removesuffix(":0").replace(":", "_")
    shape = shape_of(tensor)
    return Tensor(
        name=name,
        dtype=dtype_name(tensor.dtype),
        shape=named(name, shape) if entry else half_named(shape),
    )


def inspection(graph: Graph) -> Inspection:
    """What is known of a graph. Raises as `signature` does."""
    operators = Counter(node.op for node in graph.proto.node if node.op not in PLUMBING)
    return Inspection(
        format=FROZEN_GRAPH.name,
        signature=signature(graph),
        parameters=sum(_parameters(graph.proto.node)),
        operators=dict(operators.most_common()),
        producer="tensorflow",
    )


def _parameters(nodes: Iterable[Any]) -> Iterable[int]:
    """Elements of constants of floats: integers are shapes and axes."""
    import tensorflow as tf

    for node in nodes:
        if node.op == "Const" and tf.as_dtype(node.attr["dtype"].type).is_floating:
            yield prod(dim.size for dim in node.attr["value"].tensor.tensor_shape.dim)
