"""Choice: which nodes stay in float32, and why, by what was seen when the graph ran."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from workers.precision.findings import SHAPED, Findings
from workers.precision.slots import FLOAT, Slots
from workers.precision.targets import Half

HEADROOM: Final = 4
"""Activations must stay below this part of the range: other inputs give larger ones."""

PATIENCE: Final = 8
"""Roundings of its inputs that may show in a node's outputs, relative to the largest of them."""

FLIPPED: Final = 1e6
"""A share of the largest magnitude that no rounding explains: a condition or an index flipped."""

SQUARING: Final = frozenset(
    {"ReduceL2", "ReduceSumSquare", "LpNormalization", "LpPool", "InstanceNormalization"}
)
"""They sum squares inside, which no output shows."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What the choice is made of: nodes, the slots of each, types, and the weights' magnitudes."""

    nodes: tuple[Any, ...]
    slots: Mapping[str, Slots]
    types: Mapping[str, str]
    weights: Mapping[str, float]


def kept(graph: Graph, found: Findings, half: Half) -> dict[str, str]:
    """Names of the nodes that stay in float32, each with the reason.

    A node that magnifies the rounding of its inputs is kept with the nodes that make these:
    what was rounded before it cannot be mended in it.
    """
    reasons: dict[str, str] = {}
    makers = {name: node for node in graph.nodes for name in node.output if name}
    for node in graph.nodes:
        slots = graph.slots[node.name]
        if slots.why:
            reasons[node.name] = slots.why
        elif slots.lowerable and (reason := _reason(node, graph, found, half)):
            reasons[node.name] = reason
    for node in graph.nodes:
        moved = found.moved.get(node.name, 0.0)
        shaped = node.op_type in SHAPED and graph.slots[node.name].lowerable
        if not shaped and not moved > PATIENCE * half.rounding:
            continue
        reasons.setdefault(node.name, _restless(moved, shaped=shaped))
        for index in graph.slots[node.name].inputs:
            maker = makers.get(node.input[index])
            if maker is not None and graph.slots[maker.name].lowerable:
                reasons.setdefault(maker.name, f"{node.name} needs what it says in full")
    return reasons


def _reason(node: Any, graph: Graph, found: Findings, half: Half) -> str | None:
    return next(_reasons(node, graph, found, half), None)


def _reasons(node: Any, graph: Graph, found: Findings, half: Half) -> Iterator[str]:
    for name in dict.fromkeys((*node.input, *node.output)):
        if graph.types.get(name) != FLOAT:
            continue
        is_weight = name in graph.weights
        size = graph.weights[name] if is_weight else found.largest.get(name, 0.0)
        most = half.most / (1 if is_weight else HEADROOM)
        what = "the weight" if is_weight else "the tensor"
        if size > most:
            yield f"{what} {name} reaches {size:.3g}, {half.title} is safe up to {most:.3g}"
        if 0 < size < half.least:
            yield (
                f"{what} {name} stays below {size:.3g}, where {half.title} is coarse"
                f" (below {half.least:.3g})"
            )
        if node.op_type in SQUARING and size * size > most:
            yield f"it sums squares, of values up to {size:.3g}"


def _restless(moved: float, *, shaped: bool) -> str:
    if shaped:
        return "its inputs decide a shape"
    if moved > FLIPPED:
        return "rounding its inputs flips what it says"
    return f"rounding its inputs moves what it says by {100 * moved:.2g} %"
