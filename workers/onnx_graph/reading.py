"""Read an ONNX file into a Graph: checked, in order, functions replaced by what they do."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from workers.onnx_files.external import check_external
from workers.onnx_files.protos import read_proto
from workers.onnx_graph import light
from workers.onnx_graph.aliases import with_constants
from workers.onnx_graph.attributes import attributes_of
from workers.onnx_graph.idioms import with_idioms
from workers.onnx_graph.lifetimes import with_lifetimes
from workers.onnx_graph.nodes import Graph, Model, Node
from workers.onnx_graph.ordering import ordered
from workers.onnx_graph.ports import dtype_of, port
from workers.onnx_graph.scopes import scope_of
from workers.onnx_graph.tensors import array_of, dense
from workers.onnx_graph.values import Constant

OWN: Final = ("", "ai.onnx")
"""ONNX's own domain, by both of its names."""

ROUNDS: Final = 8
"""Functions within functions within functions: ONNX's own are three deep."""

Has = Callable[[str, str, int], bool]
"""Whether an importer has an operator: domain, name, version."""


def read(path: Path, has: Has) -> Model:
    """The model of a file, with every function replaced that the importer `has` not itself.

    Raises:
        InvalidModel: it cannot be parsed, its weights are not where or what it says, or its
            nodes stand in a circle.
        UnsupportedOperator: a node's operator or domain is none that ONNX or the file defines.
    """
    proto = read_proto(path)
    check_external(proto, path.parent)
    opsets = _opsets(proto)
    whole = _flattened(proto, opsets, has)
    weights = {each.name: each for each in proto.graph.initializer}
    reader = _Reader(path.parent, opsets, weights, has)
    return Model(
        graph=with_lifetimes(with_idioms(reader.graph(whole.graph, frozenset()))),
        opsets=opsets,
        producer=f"{proto.producer_name} {proto.producer_version}".strip(),
        metadata={each.key: each.value for each in proto.metadata_props},
    )


def _opsets(proto: Any) -> dict[str, int]:
    found = {each.domain: each.version for each in proto.opset_import}
    if "ai.onnx" in found:
        found.setdefault("", found["ai.onnx"])
    return found or {"": 1}  # IR version 1 and 2 had no opsets: they meant the first


def _flattened(proto: Any, opsets: Mapping[str, int], has: Has) -> Any:
    whole = light.inferred(light.inlined(light.lightened(proto), []))
    for _ in range(ROUNDS):
        wanted = sorted(
            {
                (node.domain, node.op_type)
                for node in light.calls(whole.graph)
                if (schema := _schema(node, opsets)) is not None
                and (schema.has_function or schema.has_context_dependent_function)
                and not has(node.domain, node.op_type, schema.since_version)
            }
        )
        if not wanted:
            break
        before = [node.op_type for node in light.calls(whole.graph)]
        whole = light.inferred(light.inlined(whole, wanted))
        if [node.op_type for node in light.calls(whole.graph)] == before:
            break  # no body for this version or these types: the importer will say so
    return whole


def _schema(node: Any, opsets: Mapping[str, int]) -> Any | None:
    from onnx import defs

    domain = "" if node.domain in OWN else node.domain
    version = opsets.get(domain, 1 if domain else defs.onnx_opset_version())
    try:
        return defs.get_schema(node.op_type, version, domain)
    except defs.SchemaError:
        return None


class _Reader:
    """Reads one file's graphs; `weights` are the initializers that the light copy left empty."""

    def __init__(
        self, folder: Path, opsets: Mapping[str, int], weights: Mapping[str, Any], has: Has
    ) -> None:
        self.folder = folder
        self.opsets = opsets
        self.weights = weights
        self.has = has

    def graph(self, proto: Any, outer: frozenset[str], *, inner: bool = False) -> Graph:
        """`outer` are the names that can be seen from around it."""
        constants = dict(self._constants(proto, inner=inner))
        inputs = tuple(port(each) for each in proto.input if each.name not in constants)
        own = {each.name for each in inputs} | set(constants)
        made = {name for node in proto.node for name in node.output if name}
        visible = outer | own | made
        subgraphs = [list(_subgraphs(node)) for node in proto.node]
        reads = [
            frozenset(name for name in node.input if name).union(*map(_captured, inner))
            for node, inner in zip(proto.node, subgraphs, strict=True)
        ]
        dtypes = _dtypes(proto)
        nodes: list[Node] = []
        order = ordered(proto.node, reads, proto.name)
        for index in order:
            self._check_known(proto.node[index], reads[index] - visible)
            nodes.append(self._node(proto.node[index], visible, dtypes))
        for output in proto.output:
            if output.name and output.name not in visible:
                raise InvalidModel(
                    f"Output {output.name!r} of graph {proto.name!r} is made by no node.",
                    node=output.name,
                )
        graph = Graph(
            name=proto.name,
            inputs=inputs,
            outputs=tuple(port(each) for each in proto.output),
            nodes=tuple(nodes),
            constants=constants,
            captured=_captured(proto),
        )
        return with_lifetimes(with_constants(graph))

    def _constants(self, proto: Any, *, inner: bool) -> Iterator[tuple[str, Constant]]:
        for each in proto.initializer:
            tensor = each if inner else self.weights.get(each.name, each)
            yield each.name, Constant(array_of(tensor, self.folder), each.name)
        for sparse in proto.sparse_initializer:
            yield sparse.values.name, Constant(dense(sparse, self.folder), sparse.values.name)

    def _check_known(self, node: Any, unknown: frozenset[str]) -> None:
        if unknown:
            name = min(unknown)
            raise InvalidModel(
                f"Node {node.name or node.op_type!r} reads {name!r}, which is no input, no weight"
                " and no other node's result.",
                node=node.name or None,
                operator=node.op_type,
            )

    def _node(self, node: Any, visible: frozenset[str], dtypes: Mapping[str, int]) -> Node:
        domain = "" if node.domain in OWN else node.domain
        schema = _schema(node, self.opsets)
        # ONNX Runtime puts operators of its own, or of later opsets, into ONNX's domain.
        foreign = schema is None and not self.has(domain, node.op_type, 1)
        if foreign and domain in {"", *_defined()}:
            raise UnsupportedOperator(
                f"There is no operator {node.op_type!r} in {domain or 'ai.onnx'} at opset"
                f" {self.opsets.get(domain, 1)} (node {_label(node)!r}). Export the model anew,"
                " or replace the node.",
                node=_label(node),
                operator=node.op_type,
            )

        def subgraph(proto: Any) -> Graph:
            return self.graph(proto, visible, inner=True)

        return Node(
            name=_label(node),
            domain=domain,
            operator=node.op_type,
            version=schema.since_version if schema else 1,
            opset=self.opsets.get(domain, 1),
            inputs=tuple(node.input),
            outputs=tuple(node.output),
            attributes=attributes_of(node, schema, self.folder, subgraph),
            scope=scope_of(node),
            input_dtypes=tuple(dtypes.get(name) for name in node.input),
            output_dtypes=tuple(dtypes.get(name) for name in node.output),
        )


def _defined() -> frozenset[str]:
    from onnx import defs

    return frozenset(each.domain for each in defs.get_all_schemas())


def _label(node: Any) -> str:
    return str(node.name or next((each for each in node.output if each), node.op_type))


def _dtypes(proto: Any) -> dict[str, int]:
    found = {each.name: each.data_type for each in proto.initializer}
    for each in (*proto.input, *proto.value_info, *proto.output):
        dtype = dtype_of(each.type)
        if dtype is not None:
            found[each.name] = dtype
    return found


def _subgraphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _captured(proto: Any) -> frozenset[str]:
    """What a subgraph reads and does not make itself."""
    own = {each.name for each in (*proto.input, *proto.initializer)}
    own |= {each.values.name for each in proto.sparse_initializer}
    own |= {name for node in proto.node for name in node.output}
    read = {name for node in proto.node for name in node.input}
    read |= {each.name for each in proto.output}
    for node in proto.node:
        for inner in _subgraphs(node):
            read |= _captured(inner)
    return frozenset(read - own - {""})
