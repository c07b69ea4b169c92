"""Graphs: a model as a sequence of nodes, whatever its format, and where it can be cut."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: the tensors that it reads and makes, by name.

    `name` and `operator` are the model's own words; `place` is the module that it comes from.
    """

    name: str
    operator: str
    reads: frozenset[str]
    makes: tuple[str, ...]
    place: str | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which they can be run. `inputs` are what each run is given."""

    nodes: tuple[Node, ...]
    inputs: frozenset[str]
    outputs: frozenset[str]

    @cached_property
    def varying(self) -> frozenset[str]:
        """The tensors that depend on an input. The others are weights, however they are made."""
        found = set(self.inputs)
        for node in self.nodes:
            if not found.isdisjoint(node.reads):
                found.update(node.makes)
        return frozenset(found - self.inputs)

    def live(self, position: int) -> list[str]:
        """Of the tensors that vary, those that the first `position` nodes have made and that
        the others, or the outputs, still need: all that the rest of the model knows of them."""
        made = [name for node in self.nodes[:position] for name in node.makes]
        needed = self.outputs.union(*(node.reads for node in self.nodes[position:]))
        return [name for name in made if name in self.varying and name in needed]

    def positions(self, comparable: Callable[[str], bool]) -> list[int]:
        """Where it can be cut so that all that is live can be compared; both ends always are."""
        inner = [at for at, live in self._sweep() if live and all(map(comparable, live))]
        return [0, *(at for at in inner if at < len(self.nodes)), len(self.nodes)]

    def _sweep(self) -> Iterator[tuple[int, set[str]]]:
        """Each position from 1 on, with what is live there: one set, that changes."""
        last = {name: at for at, node in enumerate(self.nodes) for name in node.reads}
        live: set[str] = set()
        for at, node in enumerate(self.nodes):
            live.update(
                name
                for name in node.makes
                if name in self.varying and (name in self.outputs or last.get(name, -1) > at)
            )
            done = (name for name in node.reads if last[name] == at and name not in self.outputs)
            live.difference_update(done)
            yield at + 1, live
