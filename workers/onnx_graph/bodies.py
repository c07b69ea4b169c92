"""Bodies: subgraphs as an operator's translation sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workers.onnx_graph.nodes import Graph

Run = Callable[[Graph, tuple[Any, ...], Mapping[str, Any]], list[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A subgraph with what it reads from around it.

    Called with its inputs it gives its outputs, as values of the walker: constants, symbols,
    the framework's tensors, lists, None. `tensor` makes a tensor of such a value.
    """

    graph: Graph
    run: Run
    around: Mapping[str, Any]
    tensor: Callable[[Any], Any]

    def __call__(self, *inputs: Any) -> list[Any]:
        return self.run(self.graph, inputs, self.around)

    @property
    def captured(self) -> dict[str, Any]:
        """The values that it reads from around it, by name."""
        return {name: self.around[name] for name in sorted(self.graph.captured)}

    def given(self, captured: Mapping[str, Any]) -> "Body":
        """The same with other values for those that it reads from around it."""
        return replace(self, around={**self.around, **captured})
