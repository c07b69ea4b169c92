"""Graphs, listened to: a layer is what reads its weights."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from workers.localisation.cuts import Cuts
from workers.localisation.graphs import Graph
from workers.runtime import Arrays
from workers.runtimes import RUNTIMES
from workers.transplant.calls import Call, Run
from workers.weights.variables import Array, Weights


class Weighted(Cuts, Protocol):
    """Cuts that know which tensors hold the model's variables."""

    def weights(self) -> dict[str, str]: ...


class GraphListener:
    """A layer reads what the first of its nodes does, and gives what the last one makes: that is
    before any activation, which has no weights."""

    def __init__(
        self, format: str, cuts: Callable[[Path], Weighted], path: Path, weights: Weights
    ) -> None:
        del weights
        self._format = format
        self._cuts = cuts(path)

    def run(self, inputs: Arrays, layers: Mapping[str, frozenset[str]], folder: Path) -> Run:
        graph = self._cuts.graph
        spans = {name: _ends(self._cuts, variables) for name, variables in layers.items()}
        met = sorted((span, name) for name, span in spans.items() if span is not None)
        told = [name for span, _ in met for name in span[1:] if name in graph.varying]
        wanted = list(dict.fromkeys(told))
        if not wanted:
            return Run((), ())
        path = self._cuts.cut(len(graph.nodes), wanted, folder)
        with RUNTIMES[self._format].open(path, {}) as session:
            given = session(inputs)
            names = [each.name for each in session.signature.outputs]
        by_name = set(names) == set(wanted)
        arrays = dict(inputs) | {
            name: given[name if by_name else other]
            for name, other in zip(wanted, names, strict=True)
        }
        calls = (Call(name, arrays.get(read or ""), arrays[gave]) for (_, read, gave), name in met)
        return Run((), tuple(calls))

    def activated(self, path: str, array: Array) -> Array | None:
        del path, array
        return None


def _ends(cuts: Weighted, variables: frozenset[str]) -> tuple[int, str, str] | None:
    """Where the last node lies that reads one of them, what the first of these reads and what
    the last gives; "" where that is no tensor."""
    graph = cuts.graph
    made_of = _made_of(graph, cuts.weights())
    nodes = [
        (at, node)
        for at, node in enumerate(graph.nodes)
        if not graph.varying.isdisjoint(node.makes)
        and any(not variables.isdisjoint(made_of.get(name, ())) for name in node.reads)
    ]
    if not nodes:
        return None
    at, last = nodes[-1]
    gave = cuts.shown([name for name in last.makes if cuts.comparable(name)])
    reads = [each for each in sorted(nodes[0][1].reads) if each in graph.varying]
    read = cuts.shown([each for each in reads if cuts.comparable(each)])
    entry = [each for each in nodes[0][1].reads if each in graph.inputs]
    return (at, next(iter((*read, *entry)), ""), gave[0]) if gave else None


def _made_of(graph: Graph, weights: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The variables that each tensor is made of which does not vary."""
    found = {tensor: frozenset((name,)) for tensor, name in weights.items()}
    for node in graph.nodes:
        if graph.varying.isdisjoint(node.makes):
            of = frozenset[str]().union(*(found.get(name, frozenset()) for name in node.reads))
            found.update(dict.fromkeys(node.makes, of))
    return found
