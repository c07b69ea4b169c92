"""Walk a graph: run each node's translation on what the nodes before it made.

The walker knows no framework. Run on tensors it is an interpreter; run under a tracer of the
framework's it is a compiler.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.onnx_graph.bodies import Body
from workers.onnx_graph.host import Arithmetic, fold
from workers.onnx_graph.kinds import Kind
from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import Registry, Translation
from workers.onnx_graph.values import Constant, Known, Symbols, symbols


class Framework(Arithmetic, Protocol):
    """What the walker asks of TensorFlow or PyTorch.

    A *value* is a Constant, Symbols, the framework's tensor (or a wrapper of its own around
    one), a list of values (a sequence) or None (an optional that is empty).
    """

    def tensor(self, value: Any) -> Any:
        """The tensor of a value, for operators that want one; weights are made once."""
        ...

    def read(self, value: Any) -> Known:
        """What a tensor holds: symbols where it is being traced."""
        ...

    def shape(self, value: Any) -> Sequence[Any]:
        """The lengths of a tensor: integers, and symbols for those that may vary."""
        ...

    def apply(self, node: Node, translation: Translation, values: Sequence[Any]) -> Any:
        """Call the translation with the values handed over as it wants them (`hand_over`)."""
        ...

    def at(self, node: Node) -> AbstractContextManager[object]:
        """Entered around all that is done for a node, so that traces can name it."""
        ...


class Walker:
    """Runs graphs in one framework, with one registry of operators."""

    def __init__(self, framework: Framework, registry: Registry) -> None:
        self.framework = framework
        self.registry = registry

    def run(
        self, graph: Graph, inputs: Sequence[Any], around: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """The outputs of a graph, as values.

        Raises:
            UnsupportedOperator: a node has no translation, or one that cannot do it.
            StepRefused: the framework refused a node; says which, and why.
        """
        own: dict[str, Any] = dict(graph.constants)
        own.update(zip((port.name for port in graph.inputs), inputs, strict=True))
        seen = ChainMap(own, around) if around is not None else own  # type: ignore[arg-type] # it only reads what is around
        for node in graph.nodes:
            self._step(node, own, seen)
        return [seen[port.name] for port in graph.outputs]

    def _step(self, node: Node, own: dict[str, Any], seen: Mapping[str, Any]) -> None:
        values = [seen[name] if name else None for name in node.inputs]
        with self.framework.at(node):
            made = self._outputs(node, values, seen)
        named = zip(node.outputs, made, strict=False)
        own.update((name, value) for name, value in named if name)
        for name in node.last:
            own.pop(name, None)

    def _outputs(
        self, node: Node, values: Sequence[Any], seen: Mapping[str, Any]
    ) -> Sequence[Any]:
        try:
            known = self._known(node, values)
            if known is not None:
                return (known,)
            made = self.framework.apply(_bound(node, self, seen), self._found(node), values)
        except CannotTranslate as error:
            raise refusal(node, error) from error
        except FerryError:
            raise
        except Exception as error:
            raise failure(node, error) from error
        return made if isinstance(made, tuple) else (made,)

    def _known(self, node: Node, values: Sequence[Any]) -> Known | None:
        """Lengths, and what is computed of them and of constants."""
        if node.operator in {"Shape", "Size"} and not node.domain and values[0] is not None:
            return self._lengths(node, values[0])
        return fold(node, values, self.framework)

    def _lengths(self, node: Node, value: Any) -> Known:
        known = isinstance(value, Constant | Symbols)
        lengths = list(value.array.shape if known else self.framework.shape(value))
        if node.operator == "Size":
            product: Any = 1
            for length in lengths:
                product = product * length
            return symbols([product], ())
        start, end = node.attributes.get("start", 0), node.attributes.get("end")
        part = lengths[start:] if end is None else lengths[start:end]
        return symbols(part, (len(part),))

    def _found(self, node: Node) -> Translation:
        found = self.registry.find(node.domain, node.operator, node.version)
        if found is None:
            raise uncovered(node)
        return found


def _bound(node: Node, walker: Walker, seen: Mapping[str, Any]) -> Node:
    """The node with its subgraphs as bodies that can be called."""
    if not any(isinstance(each, Graph | list) for each in node.attributes.values()):
        return node
    from dataclasses import replace

    def bound(value: Any) -> Any:
        if isinstance(value, Graph):
            return Body(value, walker.run, seen, walker.framework.tensor)
        if isinstance(value, list) and any(isinstance(each, Graph) for each in value):
            return [bound(each) for each in value]
        return value

    return replace(node, attributes={k: bound(v) for k, v in node.attributes.items()})


def hand_over(framework: Framework, translation: Translation, values: Sequence[Any]) -> list[Any]:
    """The values as a translation wants its positional arguments."""
    wanted = max(len(translation.kinds), 0) if translation.rest is None else len(values)
    return [
        None if value is None else handed(framework, translation.kind(index), value)
        for index, value in enumerate(values[:wanted])
    ]


def handed(framework: Framework, kind: Kind, value: Any) -> Any:
    """One value, in one of the ways that a Kind names."""
    if kind is Kind.RAW:
        return value
    if kind is Kind.TENSOR:
        if isinstance(value, list):
            return [handed(framework, kind, each) for each in value]
        return framework.tensor(value)
    known = value if isinstance(value, Constant | Symbols) else framework.read(value)
    if kind is Kind.ARRAY:
        return known.array
    flat = [
        each.item() if hasattr(each, "dtype") and isinstance(known, Constant) else each
        for each in known.array.reshape(-1)
    ]
    if kind is Kind.INTS:
        return flat
    if len(flat) != 1:
        raise CannotTranslate(f"wants one number where it is given {len(flat)}")
    return flat[0]


def keywords(node: Node, translation: Translation) -> dict[str, Any]:
    """The attributes that a translation names; the node, if it asks for it."""
    given = {name: node.attributes.get(name) for name in translation.keywords if name != "node"}
    return given | ({"node": node} if "node" in translation.keywords else {})


def uncovered(node: Node) -> UnsupportedOperator:
    """The fault of a node that nobody translates."""
    return UnsupportedOperator(
        f"There is no translation of {node.title} version {node.version} (node {node.name!r})."
        " Replace it by operators that are covered, or choose another target.",
        node=node.name,
        operator=node.title,
    )


def refusal(node: Node, error: CannotTranslate) -> UnsupportedOperator:
    """The fault of a node whose translation cannot do it."""
    hint = f" {error.hint}" if error.hint else ""
    return UnsupportedOperator(
        f"{node.title} version {node.version} (node {node.name!r}) {error.reason}.{hint}",
        node=node.name,
        operator=node.title,
    )


def failure(node: Node, error: Exception) -> StepRefused:
    """The fault of a node that the framework refused."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[0][:300] if lines else type(error).__name__
    return StepRefused(
        f"{node.title} version {node.version} (node {node.name!r}) failed: {said}",
        node=node.name,
        operator=node.title,
    )
