"""Fused projections: query, key and value in one matrix, split where the other side has three."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from re import IGNORECASE, search

from workers.transplant.expressions import Expression, Join, Part, Read
from workers.transplant.kinds import dense
from workers.transplant.sides import Side
from workers.transplant.units import MATRIX, Group
from workers.weights.variables import Framework, Layer, Variable

FUSED = r"qkv|c_attn|in_proj|query_key_value"
PAIRED = r"(^|[._/])(to_)?kv(_proj)?($|[._/])|key_value"
PARTS = {3: ("query", "key", "value"), 2: ("key", "value")}

Signature = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Whole:
    """A variable that was split: what its parts are called, and along which axis they lie."""

    name: str
    axis: int
    parts: tuple[str, ...]

    def joined(self, parts: Mapping[str, Expression]) -> Expression:
        """What it is made of, by what its parts are made of.

        Raises:
            KeyError: one of the parts is made of nothing.
        """
        return Join(tuple(parts[each] for each in self.parts), self.axis)

    def split(self) -> dict[str, Expression]:
        """What its parts are, as they are read."""
        return {
            each: Part(Read(self.name), self.axis, index, len(self.parts))
            for index, each in enumerate(self.parts)
        }


def split(side: Side, other: Side) -> tuple[Side, tuple[Whole, ...]]:
    """A side with its fused projections split where the other side has them apart."""
    own, others = _signatures(side), _signatures(other)
    groups: list[Group] = []
    wholes: list[Whole] = []
    for group in side.groups:
        if "in_proj_weight" in group.leaves or "in_proj_bias" in group.leaves:
            groups.extend(_attention(group, wholes))
        elif count := _parts(group, own, others):
            groups.extend(_dense(group, count, wholes))
        else:
            groups.append(group)
    return replace(side, groups=tuple(groups)), tuple(wholes)


def _signatures(side: Side) -> Counter[Signature]:
    return Counter(each for group in side.groups if (each := _signature(group)))


def _signature(group: Group) -> Signature | None:
    reading = next(dense.readings(group), None)
    if reading is None:
        return None
    outputs, inputs = reading.roles["kernel"].shape
    return outputs, inputs


def _parts(group: Group, own: Counter[Signature], others: Counter[Signature]) -> int:
    """Into how many parts a dense layer is to be split, or 0."""
    signature = _signature(group)
    if signature is None or own[signature] <= others[signature]:
        return 0
    outputs, inputs = signature
    if outputs == 3 * inputs:
        named = search(FUSED, group.scope, IGNORECASE) is not None
        return 3 if named or not others[signature] else 0
    paired = outputs == 2 * inputs and search(PAIRED, group.scope, IGNORECASE)
    return 2 if paired else 0


def _attention(group: Group, wholes: list[Whole]) -> Iterator[Group]:
    """torch.nn.MultiheadAttention: its projections as dense layers, or as leaves of its own."""
    bias = group.leaves.get("in_proj_bias")
    weight = group.leaves.get("in_proj_weight")
    biases = _pieces(bias, 0, 3, wholes) if bias else ()
    if weight is not None:
        weights = _pieces(weight, 0, 3, wholes)
        for index, part in enumerate(PARTS[3]):
            leaves = {"weight": weights[index]} | ({"bias": biases[index]} if biases else {})
            yield _projection(group, part, leaves)
    rest = {k: v for k, v in group.leaves.items() if k not in ("in_proj_weight", "in_proj_bias")}
    if weight is None:
        rest |= {f"{part}_bias": each for part, each in zip(PARTS[3], biases, strict=True)}
    if rest:
        yield replace(group, leaves=rest)


def _dense(group: Group, count: int, wholes: list[Whole]) -> Iterator[Group]:
    """A dense layer in so many, one after the other along its outputs."""
    reading = next(dense.readings(group))
    outputs = reading.roles["kernel"].shape[0]
    pieces = {}
    for leaf, variable in group.leaves.items():
        axis = len(variable.shape) - 1
        if len(variable.shape) == MATRIX and reading.roles["kernel"].layout == "OI":
            axis = 0
        if variable.shape[axis] == outputs:
            pieces[leaf] = _pieces(variable, axis, count, wholes)
    for index, part in enumerate(PARTS[count]):
        yield _projection(group, part, {leaf: each[index] for leaf, each in pieces.items()})


def _projection(group: Group, part: str, leaves: Mapping[str, Variable]) -> Group:
    kind = group.kind
    if group.framework is Framework.PYTORCH and kind != "Conv1D":
        kind = "Linear"
    return replace(group, leaves=leaves, layer=Layer(kind, {}) if kind else None, part=(part,))


def _pieces(
    variable: Variable, axis: int, count: int, wholes: list[Whole]
) -> tuple[Variable, ...]:
    shape = list(variable.shape)
    shape[axis] //= count
    pieces = tuple(
        Variable(f"{variable.name}[{index + 1}/{count}]", tuple(shape), variable.dtype)
        for index in range(count)
    )
    wholes.append(Whole(variable.name, axis, tuple(each.name for each in pieces)))
    return pieces
