"""The plan: which calls are layers, and where the layers lie."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from workers.torch_source.layers import Match, matched, prefix_of
from workers.torch_source.parts import Layer
from workers.torch_source.values import Body, Op, Program, State, leaves

TIED: Final = {"weight"}
"""What a layer must have for it to be taken for one that borrows all that it has."""


@dataclass(slots=True)
class Plan:
    """`layers` are by the identity of their call: the module's path and what is given to it.

    `tied` names a layer's tensors that belong to another layer.
    """

    layers: dict[int, tuple[str, Match]] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    """Calls that a layer does for itself."""

    def layer(self, op: Op) -> tuple[str, Match] | None:
        return self.layers.get(id(op))


def plan(program: Program) -> Plan:
    """Find the layers: a name has one, or none where two calls want different ones of it."""
    found = [(op, match) for op in every(program.ops) if (match := matched(op))]
    for _, match in found:
        _adopt(match)
    below = _below(program, found)
    by_prefix: dict[str, list[tuple[Op, Match]]] = defaultdict(list)
    for op, match in found:
        prefix = prefix_of(match.layer.tensors)
        if prefix and below[prefix] == {each.path for each in match.layer.tensors.values()}:
            by_prefix[prefix].append((op, match))
    made, needs = Plan(), set[tuple[int, int]]()
    for prefix, matches in by_prefix.items():
        main = _main(prefix, matches, below)
        for op, match in matches:
            path = _tied(op, match, prefix, below)
            if path is not None:
                match.layer.tied.update(match.layer.tensors)
                match.layer.tensors.clear()
            elif _agrees(match.layer, main):
                path = prefix
            if path is not None:
                made.layers[id(op)] = (path, match)
                needs |= {(id(op), id(each)) for each in match.needs}
    made.made = _unread(program, needs)
    return made


def _unread(program: Program, needs: set[tuple[int, int]]) -> set[int]:
    """The calls whose results only such layers read that make them for themselves.

    `needs` are pairs of a layer's call and what it makes, by identity.
    """
    readers: dict[int, list[int]] = defaultdict(list)
    for op in every(program.ops):
        for value in op.operands():
            readers[id(value)].append(id(op))
    bodies = [each for op in every(program.ops) for each in op.args if isinstance(each, Body)]
    returned = [program.outputs, *(body.outputs for body in bodies)]
    kept = {id(each) for each in leaves(returned)}
    unread: set[int] = set()
    for op in reversed(every(program.ops)):
        mine = readers[id(op)]
        if id(op) in kept or op.mutates or not mine:
            continue
        if all(reader in unread or (reader, id(op)) in needs for reader in mine):
            unread.add(id(op))
    return unread


def _below(program: Program, found: list[tuple[Op, Match]]) -> dict[str, set[str]]:
    """By the path of each module, the paths of the tensors in it."""
    below: dict[str, set[str]] = defaultdict(set)
    adopted = [state for _, match in found for state in match.layer.tensors.values()]
    for state in (*used_states(program), *adopted):
        parts = state.path.split(".")
        for end in range(len(parts)):
            below[".".join(parts[:end])].add(state.path)
    return below


def _adopt(match: Match) -> None:
    """Give a layer a vector of its own where it borrows another module's.

    Writers of ONNX keep equal vectors once, whoever they belong to; a copy costs little.
    """
    tensors = match.layer.tensors
    weight = tensors.get("weight")
    if weight is None or not weight.path.endswith(".weight"):
        return
    prefix = weight.path.removesuffix(".weight")
    for name, state in tensors.items():
        if state.tensor.ndim == 1 and state.path != f"{prefix}.{name}":
            tensors[name] = State(f"{prefix}.{name}", state.tensor, state.kind, state.trained)


def every(ops: list[Op]) -> list[Op]:
    """Calls in the order of the program, those of branches and loops among them."""
    inner = [
        each
        for op in ops
        for body in op.args
        if isinstance(body, Body)
        for each in every(body.ops)
    ]
    return [*ops, *inner]


def used_states(program: Program) -> list[State]:
    """Tensors that something reads."""
    read = {id(value) for op in every(program.ops) for value in op.operands()}
    read |= {id(value) for value in _flat(program.outputs)}
    return [state for state in program.states if id(state) in read]


def _flat(given: object) -> list[object]:
    if isinstance(given, dict):
        return [each for value in given.values() for each in _flat(value)]
    if isinstance(given, list | tuple):
        return [each for value in given for each in _flat(value)]
    return [given]


def _main(prefix: str, matches: list[tuple[Op, Match]], below: dict[str, set[str]]) -> Layer:
    """What the module itself is: the first that is not another one's with the same weights."""
    own = [match.layer for op, match in matches if _tied(op, match, prefix, below) is None]
    return own[0] if own else matches[0][1].layer


def _tied(op: Op, match: Match, prefix: str, below: dict[str, set[str]]) -> str | None:
    """The path of the module that was called, where the weights are those of another one."""
    if not op.calls:
        return None
    call = op.calls[-1]
    called = call.type.rpartition(".")[2] == match.layer.kind and ".nn." in call.type
    if call.type.endswith(".Module"):  # whose class nobody knows
        called = match.layer.kind in {"Embedding", "Linear"} and set(match.layer.tensors) == TIED
    return call.module if called and call.module != prefix and not below[call.module] else None


def _agrees(one: Layer, other: Layer) -> bool:
    return (one.kind, one.settings) == (other.kind, other.settings)
