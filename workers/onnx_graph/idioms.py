"""Idioms: what exporters write in ten nodes and ONNX has an operator for.

Layer normalisation came into ONNX with opset 17, GELU with opset 20. Older files, and exporters
that know neither, spell them out. Said in one word again they are read, and computed, as what
they are.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import pi, sqrt
from typing import Any, Final

from workers.onnx_graph.nodes import Graph, Node

CLOSE: Final = 1e-3
"""How far a constant may be from what the idiom has: files hold few digits of them."""

PAIR: Final = 2


def with_idioms(graph: Graph) -> Graph:
    """The graph with the spelled-out idioms of its own nodes replaced by the operators.

    Its lifetimes are to be worked out anew.
    """
    for spelling in SPELLINGS:
        graph = _replaced(graph, spelling)
    return graph


@dataclass(frozen=True, slots=True)
class _Found:
    """An operator in the place of the nodes `spelled`, of which the last gives its output."""

    operator: str
    version: int
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    spelled: tuple[Node, ...]


@dataclass(slots=True)
class _Page:
    """A graph as one reads it backwards from a result."""

    graph: Graph
    makers: dict[str, Node] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.makers = {name: node for node in self.graph.nodes for name in node.outputs if name}
        self.numbers = {name: each.array for name, each in self.graph.constants.items()}

    def made(self, name: str, *operators: str) -> Node | None:
        """The node that made a value, if it is one of these operators."""
        node = self.makers.get(name)
        return node if node and node.operator in operators and not node.domain else None

    def number(self, name: str) -> float | None:
        """The value of a constant of one element."""
        array = self.numbers.get(name)
        if array is None or array.size != 1 or array.dtype.kind not in "fiu":
            return None
        return float(str(array.reshape(-1)[0]))  # 0.1, not the float32 next to it in 17 digits

    def is_number(self, name: str, wanted: float) -> bool:
        found = self.number(name)
        return found is not None and abs(found - wanted) <= CLOSE * abs(wanted)

    def either(self, node: Node) -> Iterator[tuple[str, str]]:
        """The two inputs of a node that does not mind their order, both ways."""
        if len(node.inputs) == PAIR:
            yield node.inputs[0], node.inputs[1]
            yield node.inputs[1], node.inputs[0]


def _gelu(page: _Page, root: Node) -> _Found | None:
    """0.5 * x * (1 + erf(x / sqrt(2))), in whatever order it is multiplied."""
    return _product(page, root, _erf, "none")


def _gelu_tanh(page: _Page, root: Node) -> _Found | None:
    """0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))."""
    return _product(page, root, _tanh, "tanh")


Gate = Callable[[_Page, str], tuple[str, list[Node]] | None]


def _product(page: _Page, root: Node, gate: Gate, approximate: str) -> _Found | None:
    if root.operator != "Mul" or root.domain:
        return None
    for one, other in page.either(root):
        inner = page.made(one, "Mul")
        if inner is None:
            continue
        for two, three in page.either(inner):
            found = _of_factors(page, (other, two, three), gate)
            if found:
                x, spelled = found
                nodes = (*spelled, inner, root)
                return _Found("Gelu", 20, (x,), {"approximate": approximate}, nodes)
    return None


def _of_factors(
    page: _Page, factors: tuple[str, str, str], gate: Gate
) -> tuple[str, list[Node]] | None:
    for half in range(3):
        if not page.is_number(factors[half], 0.5):
            continue
        rest = [name for place, name in enumerate(factors) if place != half]
        for x, gated in (rest, rest[::-1]):
            one = page.made(gated, "Add")
            if one is None:
                continue
            for number, curve in page.either(one):
                if page.is_number(number, 1.0) and (bent := gate(page, curve)) and bent[0] == x:
                    return x, [*bent[1], one]
    return None


def _erf(page: _Page, name: str) -> tuple[str, list[Node]] | None:
    erf = page.made(name, "Erf")
    scaled = page.made(erf.inputs[0], "Div", "Mul") if erf else None
    if erf is None or scaled is None:
        return None
    if scaled.operator == "Div" and page.is_number(scaled.inputs[1], sqrt(2)):
        return scaled.inputs[0], [scaled, erf]
    if scaled.operator == "Mul":
        for number, x in page.either(scaled):
            if page.is_number(number, sqrt(0.5)):
                return x, [scaled, erf]
    return None


def _tanh(page: _Page, name: str) -> tuple[str, list[Node]] | None:
    tanh = page.made(name, "Tanh")
    scaled = page.made(tanh.inputs[0], "Mul") if tanh else None
    if tanh is None or scaled is None:
        return None
    for number, total in page.either(scaled):
        added = page.made(total, "Add") if page.is_number(number, sqrt(2 / pi)) else None
        for x, term in page.either(added) if added else ():
            cubic = page.made(term, "Mul")
            for factor, power in page.either(cubic) if cubic else ():
                cube = _cube(page, power, x) if page.is_number(factor, 0.044715) else None
                if cube and cubic and added:
                    return x, [*cube, cubic, added, scaled, tanh]
    return None


def _cube(page: _Page, name: str, x: str) -> list[Node] | None:
    """The nodes that make x ** 3: a power, or a product of x and its square."""
    node = page.made(name, "Pow", "Mul")
    if node is None:
        return None
    if node.operator == "Pow":
        return [node] if node.inputs[0] == x and page.is_number(node.inputs[1], 3) else None
    for one, other in page.either(node):
        square = _square(page, other, x)
        if one == x and square:
            return [square, node]
    return None


def _norm(page: _Page, root: Node) -> _Found | None:
    """(x - mean) / sqrt(mean((x - mean) ** 2) + epsilon) * weight + bias, over the last axis."""
    if root.operator != "Add" or root.domain:
        return None
    for bias, product in page.either(root):
        scaled = page.made(product, "Mul") if _is_vector(page, bias) else None
        for weight, normal in page.either(scaled) if scaled else ():
            quotient = page.made(normal, "Div")
            if quotient is None or scaled is None or not _is_vector(page, weight):
                continue
            inner = _standardised(page, quotient)
            if inner and page.numbers[weight].shape == page.numbers[bias].shape:
                x, epsilon, spelled = inner
                attributes = {"axis": -1, "epsilon": epsilon, "stash_type": 1}
                nodes = (*spelled, quotient, scaled, root)
                return _Found("LayerNormalization", 17, (x, weight, bias), attributes, nodes)
    return None


def _standardised(page: _Page, quotient: Node) -> tuple[str, float, list[Node]] | None:
    centred = page.made(quotient.inputs[0], "Sub")
    deviation = page.made(quotient.inputs[1], "Sqrt")
    padded = page.made(deviation.inputs[0], "Add") if deviation else None
    if centred is None or deviation is None or padded is None:
        return None
    mean = page.made(centred.inputs[1], "ReduceMean")
    if mean is None or mean.inputs[0] != centred.inputs[0] or not _is_last(page, mean):
        return None
    for epsilon, variance in page.either(padded):
        squares = page.made(variance, "ReduceMean")
        number = page.number(epsilon)
        if squares is None or number is None or not _is_last(page, squares):
            continue
        square = _square(page, squares.inputs[0], centred.outputs[0])
        if square:
            spelled = [mean, centred, square, squares, padded, deviation]
            return centred.inputs[0], number, spelled
    return None


def _square(page: _Page, name: str, base: str) -> Node | None:
    node = page.made(name, "Pow", "Mul")
    if node is None or node.inputs[0] != base:
        return None
    squared = (
        node.inputs[1] == base if node.operator == "Mul" else page.is_number(node.inputs[1], 2)
    )
    return node if squared else None


def _is_last(page: _Page, mean: Node) -> bool:
    """Whether it is a mean over the last axis, which stays with a length of one."""
    axes = mean.attributes.get("axes")
    if axes is None and len(mean.inputs) > 1:
        axes = page.numbers.get(mean.inputs[1])
    return axes is not None and list(axes) == [-1] and mean.attributes.get("keepdims") == 1


def _is_vector(page: _Page, name: str) -> bool:
    array = page.numbers.get(name)
    return array is not None and array.ndim == 1 and array.dtype.kind in "fV"


SPELLINGS: Final[tuple[Callable[[_Page, Node], _Found | None], ...]] = (_gelu, _gelu_tanh, _norm)


def _replaced(graph: Graph, spelling: Callable[[_Page, Node], _Found | None]) -> Graph:
    page = _Page(graph)
    uses = _uses(graph)
    gone: set[int] = set()
    fresh: dict[int, Node] = {}
    for root in graph.nodes:
        found = spelling(page, root)
        if found is None or not _is_closed(found, uses) or gone & {id(n) for n in found.spelled}:
            continue
        gone |= {id(node) for node in found.spelled}
        fresh[id(root)] = _node(root, found)
    if not fresh:
        return graph
    nodes = (fresh.get(id(node), node) for node in graph.nodes if id(node) not in gone
             or id(node) in fresh)  # fmt: skip
    return replace(graph, nodes=tuple(nodes))


def _node(root: Node, found: _Found) -> Node:
    """At the place of the last node of those it stands for, under its name."""
    return replace(
        root,
        operator=found.operator,
        version=found.version,
        inputs=found.inputs,
        attributes=found.attributes,
        input_dtypes=(root.output_dtypes[:1] or (None,)) * len(found.inputs),
    )


def _uses(graph: Graph) -> Counter[str]:
    """How often each value is read, by nodes, by the graphs within them, and as an output."""
    uses: Counter[str] = Counter(port.name for port in graph.outputs)
    for node in graph.nodes:
        uses.update(node.inputs)
        for value in node.attributes.values():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, Graph):
                    uses.update(each.captured)
    return uses


def _is_closed(found: _Found, uses: Counter[str]) -> bool:
    """Whether nobody else reads what is made on the way."""
    within: Counter[str] = Counter()
    for node in found.spelled:
        within.update(node.inputs)
    return all(uses[name] == within[name] for node in found.spelled[:-1] for name in node.outputs)
