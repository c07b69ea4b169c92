"""Sides: one store's variables as units, and what was left out of the game."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from workers.transplant.expressions import Read
from workers.transplant.kinds import KINDS, parameter
from workers.transplant.leaving import plain, reason
from workers.transplant.moves import Left
from workers.transplant.names import automatic, components, ranked, skeleton, tokens
from workers.transplant.ordering import Line
from workers.transplant.running_order import AsRun
from workers.transplant.units import Group, Reading, Role, Unit
from workers.weights.variables import Framework, Layer, Variable, Weights

PARAMETERS = frozenset({"weight", "scale", "gamma"})
NO_PARAMETERS = frozenset({"Linear", "Conv1D", "Conv1d", "Conv2d", "Conv3d"})
PREFERRED = -0.25


@dataclass(frozen=True, slots=True)
class Side:
    """Units in the side's order. `left` are the variables that take no part."""

    framework: Framework
    line: Line
    groups: tuple[Group, ...]
    ties: Mapping[str, str]
    left: tuple[Left, ...]


def side(weights: Weights, absent: Collection[str], skipped: Collection[str]) -> Side:
    """The groups of a store; `absent` are settled already, `skipped` are not wanted."""
    left: list[Left] = []
    groups: dict[str, dict[str, Variable]] = {}
    for name, variable in weights.variables.items():
        if name in absent:
            continue
        why = "the mapping file skips it" if name in skipped else reason(variable)
        if why is not None:
            left.append(Left(name, why, meant=True))
            continue
        scope, leaf = place(variable)
        groups.setdefault(scope, {})[leaf] = variable
    found = (
        Group(scope, weights.framework, leaves, layer(weights, scope))
        for scope, leaves in groups.items()
    )
    line = Line.MODEL if weights.ordered else Line.FILE
    line = Line.RUN if isinstance(weights, AsRun) else line
    return Side(weights.framework, line, tuple(found), dict(weights.ties), tuple(left))


def place(variable: Variable) -> tuple[str, str]:
    """A variable's scope and leaf, without what a file adds to its name."""
    bare = replace(variable, name=plain(variable.name))
    return bare.scope, bare.leaf


def layer(weights: Weights, scope: str) -> Layer | None:
    """What the file says of the layer at a scope, with the settings of the one it is a cell of."""
    own = weights.layers.get(scope)
    if own is None or not own.kind.endswith("Cell"):
        return own
    around = weights.layers.get(scope.rpartition("/")[0])
    return own if around is None else Layer(own.kind, {**around.settings, **own.settings})


def units(side: Side, *, native: bool) -> tuple[Unit, ...]:
    """The units of a side's groups, in its order; `native` where the other side has the same
    framework, so that what is alike can go as it is."""
    found: list[Unit] = []
    for group in _in_order(side):
        for unit in _units(group, side.ties):
            extra = (_native(group, unit),) if native else ()
            readings = (*extra, *unit.readings)
            found.append(replace(unit, readings=readings, place=len(found)))
    ranks = ranked([(each.kind, each.tokens) for each in found])
    return tuple(replace(each, ranks=rank) for each, rank in zip(found, ranks, strict=True))


def _native(group: Group, unit: Unit) -> Reading:
    names = set(unit.variables)
    own = {leaf: each for leaf, each in group.leaves.items() if each.name in names}
    return Reading(
        kind="same",
        roles={leaf: Role(each.shape, Read(each.name)) for leaf, each in own.items()},
        builds={each.name: Read(leaf) for leaf, each in own.items()},
        doubt=PREFERRED,
        part=unit.part,
    )


def _in_order(side: Side) -> list[Group]:
    """As they come where that is the model's order, else by the numbers in their names."""
    if side.line is not Line.FILE:
        return list(side.groups)
    return sorted(side.groups, key=lambda each: natural(each.scope))


def natural(scope: str) -> tuple[tuple[str | int, ...], ...]:
    """A key that sorts `block2` before `block10`, and `dense` before `dense_1`."""
    key: list[tuple[str | int, ...]] = []
    for each in components(scope):
        given = automatic(each)
        told, numbers = (given[0], (given[1],)) if given else skeleton(each)
        key.append((told, *numbers))
    return tuple(key)


def _units(group: Group, ties: Mapping[str, str]) -> Iterator[Unit]:
    by_part: dict[tuple[str, ...], list[Reading]] = {}
    for kind in KINDS:
        for each in kind(group):
            by_part.setdefault(each.part, []).append(each)
    known = {name for found in by_part.values() for each in found for name in each.builds}
    for part, found in by_part.items():
        yield _unit(group, part, sorted((*found, *_alone(group, found)), key=_doubt), ties)
    for leaf, variable in group.leaves.items():
        if variable.name not in known:
            yield _unit(group, (leaf,), [parameter(variable, (leaf,))], ties)


def _doubt(reading: Reading) -> float:
    return reading.doubt


def _alone(group: Group, found: list[Reading]) -> Iterator[Reading]:
    """A layer with one variable may be no more than a parameter: a table, a scale."""
    names = {name for each in found for name in each.builds}
    if len(names) == 1 and group.kind not in NO_PARAMETERS:
        (leaf,) = (leaf for leaf, each in group.leaves.items() if each.name in names)
        if leaf in PARAMETERS:
            yield parameter(group.leaves[leaf], found[0].part, 0.05)


def _unit(
    group: Group, part: tuple[str, ...], readings: list[Reading], ties: Mapping[str, str]
) -> Unit:
    names = {name for each in readings for name in each.builds}
    words = (*tokens(group.scope), *group.part, *(word for each in part for word in tokens(each)))
    return Unit(
        scope=group.scope,
        part=part,
        readings=tuple(readings),
        place=0,
        layer=group.layer,
        spare=all(each in ties for each in names),
        tokens=words,
    )
