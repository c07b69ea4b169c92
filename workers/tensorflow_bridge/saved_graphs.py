"""SavedModels read as protobufs: nothing is loaded, so nothing of theirs runs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.formats import SAVEDMODEL
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.tensorflow_bridge.dimensions import half_named, named
from workers.tensorflow_bridge.saved_models import choose, dtype_name

CALLS: Final = {"PartitionedCall", "StatefulPartitionedCall"}
VARIABLES: Final = {"VarHandleOp", "VariableV2", "Variable"}
GATHERS: Final = {"ResourceGather", "GatherV2", "Gather"}
THROUGH: Final = {
    "Identity", "Cast", "Reshape", "ExpandDims", "Squeeze", "ReadVariableOp", "StopGradient",
}  # fmt: skip
PLUMBING: Final = {
    "Const", "NoOp", "Placeholder", "Identity", "IdentityN", "ReadVariableOp", *CALLS, *VARIABLES,
}  # fmt: skip

Shape = tuple[int, ...]


def inspect(root: Path, wanted: str | None) -> Inspection:
    """One signature's inputs and outputs, and what the graph behind it holds.

    Raises:
        InvalidModel: `saved_model.pb` cannot be parsed, or has no signature.
        InvalidOptions: the wanted signature is not there.
    """
    meta = _meta_graph(root)
    definition = meta.signature_def[_choose(meta, wanted)]
    walk = _Walk({each.signature.name: each for each in meta.graph_def.library.function})
    inputs = {_node(info.name): name for name, info in definition.inputs.items()}
    walk.main(meta.graph_def, inputs, [_node(info.name) for info in definition.outputs.values()])
    return Inspection(
        format=SAVEDMODEL.name,
        signature=Signature(
            inputs=tuple(
                _tensor(name, definition.inputs[name], walk.upper.get(name), entry=True)
                for name in sorted(definition.inputs)
            ),
            outputs=tuple(
                _tensor(name, definition.outputs[name], None, entry=False)
                for name in sorted(definition.outputs)
            ),
        ),
        parameters=sum(prod(shape) for shape in walk.variables.values()),
        operators=dict(walk.operators.most_common()),
        producer=f"tensorflow {meta.meta_info_def.tensorflow_version}".strip(),
    )


def signature_name(root: Path, wanted: str | None) -> str:
    """Which signature `inspect` would read. Raises as it does."""
    return _choose(_meta_graph(root), wanted)


def _choose(meta: Any, wanted: str | None) -> str:
    return choose(sorted(name for name in meta.signature_def if not name.startswith("__")), wanted)


def _meta_graph(root: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        model = saved_model_pb2.SavedModel.FromString((root / "saved_model.pb").read_bytes())
    except Exception as error:
        raise InvalidModel(
            "saved_model.pb cannot be read: it is cut short or damaged. Export it again."
        ) from error
    serving = [each for each in model.meta_graphs if "serve" in each.meta_info_def.tags]
    if not (serving or model.meta_graphs):
        raise InvalidModel("The SavedModel holds no graph. Export it again.")
    return (serving or model.meta_graphs)[0]


@dataclass
class _Walk:
    """Follows the graph behind a signature, through the functions that it calls."""

    functions: Mapping[str, Any]
    operators: Counter[str] = field(default_factory=Counter)
    variables: dict[str, Shape] = field(default_factory=dict)
    upper: dict[str, int] = field(default_factory=dict)

    def main(self, graph: Any, inputs: Mapping[str, str], outputs: list[str]) -> None:
        nodes = {node.name: node for node in graph.node}
        needed = _behind(nodes, outputs)
        for name in needed:
            if nodes[name].op in VARIABLES:
                self.variables[name] = _shape(nodes[name])
        self._follow(
            [node for node in graph.node if node.name in needed], dict(inputs), self.variables
        )

    def _follow(
        self, nodes: list[Any], origin: dict[str, str], tables: Mapping[str, Shape]
    ) -> None:
        """`origin` says which names are inputs of the signature, `tables` which are variables."""
        tables = dict(tables)
        for node in _sorted(nodes):
            if node.op not in PLUMBING:
                self.operators[node.op] += 1
            given = [_node(each) for each in node.input if not each.startswith("^")]
            if node.op in THROUGH and given:
                if given[0] in origin:
                    origin[node.name] = origin[given[0]]
                if given[0] in tables and node.op in {"Identity", "ReadVariableOp"}:
                    tables[node.name] = tables[given[0]]
            elif node.op in GATHERS and given[0] in tables and given[1] in origin:
                rows, name = tables[given[0]][0], origin[given[1]]
                self.upper[name] = min(rows, self.upper.get(name, rows))
            elif node.op in CALLS and node.attr["f"].func.name in self.functions:
                self._enter(self.functions[node.attr["f"].func.name], given, origin, tables)

    def _enter(
        self,
        function: Any,
        given: list[str],
        origin: Mapping[str, str],
        tables: Mapping[str, Shape],
    ) -> None:
        names = [argument.name for argument in function.signature.input_arg]
        pairs = list(zip(names, given, strict=False))
        self._follow(
            list(function.node_def),
            {name: origin[outer] for name, outer in pairs if outer in origin},
            {name: tables[outer] for name, outer in pairs if outer in tables},
        )


def _behind(nodes: Mapping[str, Any], outputs: list[str]) -> set[str]:
    found: set[str] = set()
    queue = [name for name in outputs if name in nodes]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        found.add(name)
        queue.extend(each for each in map(_node, nodes[name].input) if each in nodes)
    return found


def _sorted(nodes: list[Any]) -> Iterator[Any]:
    """Givers before takers; nodes of a cycle (loops of TensorFlow 1) come last."""
    from graphlib import CycleError, TopologicalSorter

    by_name = {node.name: node for node in nodes}
    graph = {name: [_node(each) for each in node.input] for name, node in by_name.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:
        order = list(by_name)
    return (by_name[name] for name in order if name in by_name)


def _tensor(name: str, info: Any, upper: int | None, *, entry: bool) -> Tensor:
    import tensorflow as tf

    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim]
    return Tensor(
        name=name,
        dtype=dtype_name(tf.as_dtype(info.dtype)),
        shape=named(name, shape) if entry else half_named(shape),
        upper=upper,
    )


def _shape(node: Any) -> Shape:
    return tuple(max(dim.size, 0) for dim in node.attr["shape"].shape.dim)


def _node(tensor: str) -> str:
    """The node of a tensor (`name:0`), of a function's tensor (`name:out:0`), of `^control`."""
    return tensor.removeprefix("^").split(":", 1)[0]
