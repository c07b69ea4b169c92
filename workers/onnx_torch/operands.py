"""Operands: a body as a function of all the tensors that it reads.

torch's operators for control flow trace a branch by itself, where nothing of the program around
it is at hand but what they are given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from torch import Tensor
from torch.utils import _pytree

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.nodes import Graph, Node
from workers.onnx_graph.values import Constant

SMALL: Final = 64
"""Elements: what has no more may be a shape, and is to stay known."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A body, and the values that it reads as leaves of a tree."""

    body: Body
    tree: Any
    leaves: Sequence[Any]

    @property
    def tensors(self) -> list[Tensor]:
        """Each once, in the order in which `given` takes them."""
        found = (each for each in self.leaves if isinstance(each, Tensor))
        return list({id(each): each for each in found}.values())

    def given(self, tensors: Sequence[Tensor]) -> Body:
        """The body that reads these instead of its own."""
        fresh = {id(old): new for old, new in zip(self.tensors, tensors, strict=True)}
        leaves = [fresh.get(id(each), each) for each in self.leaves]
        return self.body.given(_pytree.tree_unflatten(leaves, self.tree))

    def outputs(self, tensors: Sequence[Tensor], *inputs: Any) -> list[Tensor]:
        """As tensors of their own: torch forbids a branch to give back what it was given."""
        body = self.given(tensors)
        return [self.body.tensor(each).clone() for each in body(*inputs)]


def lifted(body: Body) -> Lifted:
    """Weights within the body, and within those within it, become values that it reads."""
    own = dict(_weights(body.graph))
    values = {name: _operand(body, each) for name, each in {**body.captured, **own}.items()}
    leaves, tree = _pytree.tree_flatten(values)
    bare = replace(body, graph=_bare(body.graph), around={**body.around, **values})
    return Lifted(bare, tree, leaves)


def _operand(body: Body, value: Any) -> Any:
    """Large constants as tensors; small ones without the names by which they are weights."""
    if not isinstance(value, Constant):
        return value
    if value.array.size > SMALL and value.array.dtype.kind not in "OUS":
        return body.tensor(value)
    return Constant(value.array)


def _weights(graph: Graph) -> Iterator[tuple[str, Constant]]:
    yield from graph.constants.items()
    for each in _within(graph.nodes):
        yield from _weights(each)


def _within(nodes: Sequence[Node]) -> Iterator[Graph]:
    for node in nodes:
        for value in node.attributes.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Graph):
                    yield each


def _bare(graph: Graph) -> Graph:
    """Without constants, which are read from around it."""
    return replace(
        graph,
        constants={},
        nodes=tuple(replace(each, attributes=_without(each.attributes)) for each in graph.nodes),
    )


def _without(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _bared(value) for name, value in attributes.items()}


def _bared(value: Any) -> Any:
    if isinstance(value, Graph):
        names = frozenset(name for name, _ in _weights(value))
        return replace(_bare(value), captured=value.captured | names)
    return [_bared(each) for each in value] if isinstance(value, list) else value
