"""Flattening: what a dense layer reads of feature maps that were laid out in a row.

Keras lays out (*window, channels) and torch (channels, *window), so a dense layer that follows
has its inputs in another order, and one whose output is folded into maps again its outputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from workers.transplant.expressions import Expression, Reshape, Shape, Transpose
from workers.transplant.settling import Match
from workers.transplant.units import MATRIX
from workers.weights.variables import Framework, Layer

NORMS = ("batch_norm", "norm")
ATTENDING = frozenset({"attention", "attended", "query", "key", "value"})
KERAS = ("Dense", "EinsumDense")


@dataclass(frozen=True, slots=True)
class Fold:
    """Feature maps, channels last, that lie in a row along an axis of a unit's roles.

    `told` is false where they are supposed, by the channels of the convolution beside them;
    `sized` where they are told or would be square. Their order is known by the channels alone:
    height and width stay together.
    """

    shape: Shape
    axis: int
    told: bool
    sized: bool = True

    def refolded(self, of: Expression, shape: Shape, source: Framework) -> Expression:
        """A role of this shape with its elements in the order of the other framework."""
        *window, channels = self.shape
        rank = len(self.shape)
        if source is Framework.TENSORFLOW:
            folded, turn = (*window, channels), (rank - 1, *range(rank - 1))
        else:
            folded, turn = (channels, *window), (*range(1, rank), 0)
        before, after = shape[: self.axis], shape[self.axis + 1 :]
        axes = (
            *range(len(before)),
            *(len(before) + each for each in turn),
            *(len(before) + rank + each for each in range(len(after))),
        )
        return Reshape(Transpose(Reshape(of, (*before, *folded, *after)), axes), shape)


Seen = Mapping[int, Fold | None]
"""By the place of a target's unit, in which order it was seen to read maps: None is neither."""


def folds(
    found: Sequence[Match],
    layers: Mapping[str, Layer],
    *,
    by_source: bool,
    seen: Seen | None = None,
) -> Mapping[int, tuple[Fold, ...]]:
    """The folds of the units that have some, by the place of the target's unit.

    Told by a layer of either side, or by the only Flatten or Reshape of so many elements among
    all `layers` of Keras' side; else supposed from the channels of the convolution before or
    after, in the order of the target, or of the source where that alone is the model's. A
    normalisation in between has the same order.
    """
    line = sorted(found, key=lambda each: each.source.place if by_source else each.target.place)
    flat, folded = (
        _lengths(layers, "Flatten", "input_shape"),
        _lengths(layers, "Reshape", "target_shape"),
    )
    result: dict[int, tuple[Fold, ...]] = {}
    for index, match in enumerate(line):
        if match.pair.source.kind != "dense":
            continue
        outputs, inputs = match.pair.source.roles["kernel"].shape
        before, after = line[:index][::-1], line[index + 1 :]
        read = (
            _whole(match)
            or _told(match, "flattened", flat.get(inputs), inputs, 1)
            or _read(match, before)
        )
        made = _told(match, "unflattened", folded.get(outputs), outputs, 0) or _made(match, after)
        for fold, way, length in ((read, before, inputs), (made, after, outputs)):
            if fold is not None:
                result[match.target.place] = (*result.get(match.target.place, ()), fold)
                for norm in _norms_between(way, length):
                    result[norm.target.place] = (Fold(fold.shape, 0, fold.told),)
    for place, fold in (seen or {}).items():
        others = (each for each in result.get(place, ()) if each.axis == 0)
        result[place] = (*others, fold) if fold else (*others,)
    return result


def _lengths(layers: Mapping[str, Layer], kind: str, setting: str) -> dict[int, Shape]:
    """The maps that layers of a kind lay in a row or fold, by the count of their elements, where
    that leaves no choice."""
    found: dict[int, set[Shape]] = {}
    for layer in layers.values():
        shape = layer.settings.get(setting)
        if layer.kind == kind and shape and all(isinstance(n, int) and n > 0 for n in shape):
            found.setdefault(prod(shape), set()).add(tuple(shape))
    one = {length: next(iter(shapes)) for length, shapes in found.items() if len(shapes) == 1}
    return {length: shape for length, shape in one.items() if len(shape) > MATRIX}


def _whole(match: Match) -> Fold | None:
    """A dense layer on the one side is a convolution with a window of whole maps on the other."""
    source, target = match.pair.source.maps, match.pair.target.maps
    return Fold(source or target, 1, told=True) if bool(source) != bool(target) else None


def _told(match: Match, setting: str, known: Shape | None, length: int, axis: int) -> Fold | None:
    """A sequence of vectors is laid out alike in both frameworks: only a layer's own word has it
    for maps."""
    own = (
        unit.layer.settings.get(setting)
        for unit in (match.source, match.target)
        if unit.layer is not None
    )
    for shape in (*own, known):
        if shape and prod(shape) == length and length != shape[-1]:
            return Fold(tuple(shape), axis, told=True)
    return None


def _read(match: Match, before: Sequence[Match]) -> Fold | None:
    """Supposed only where no graph says that it reads none: pooled and joined, they are none."""
    for unit in (match.source, match.target):
        if unit.layer is not None and unit.layer.settings.get("flattened") == ():
            return None
    if _attends(match):
        return None
    last = next((each for each in before if each.pair.source.kind not in NORMS), None)
    return _supposed(last, match.pair.source.roles["kernel"].shape[1], 1, made=False)


def _made(match: Match, after: Sequence[Match]) -> Fold | None:
    """Supposed only where no layer of Keras could have said that it is none."""
    for unit in (match.source, match.target):
        if unit.layer is not None and unit.layer.kind in KERAS:
            return None
    if _attends(match):
        return None
    following = next((each for each in after if each.pair.source.kind not in NORMS), None)
    return _supposed(following, match.pair.source.roles["kernel"].shape[0], 0, made=True)


def _attends(match: Match) -> bool:
    """Attention reads sequences of vectors, which are laid out alike."""
    return any(ATTENDING.intersection(each.tokens) for each in (match.source, match.target))


def _supposed(match: Match | None, length: int, axis: int, *, made: bool) -> Fold | None:
    if match is None or not match.pair.source.kind.startswith("conv"):
        return None
    channels = _channels(match, made=made)
    if length % channels or length == channels:
        return None
    dimensions = int(match.pair.source.kind.removeprefix("conv")[0])
    side = round((length // channels) ** (1 / dimensions))
    square = (*([side] * dimensions), channels)
    if prod(square) == length:
        return Fold(square, axis, told=False)
    return Fold((length // channels, channels), axis, told=False, sized=False)


def _channels(match: Match, *, made: bool) -> int:
    """Those that a convolution gives, or, for what is `made` before it, those that it reads."""
    outputs, inputs, *_ = match.pair.source.roles["kernel"].shape
    if match.pair.source.kind.endswith("_transpose"):
        outputs, inputs = inputs, outputs
    if inputs == 1:
        return outputs
    return inputs if made else outputs


def _norms_between(way: Sequence[Match], length: int) -> list[Match]:
    found: list[Match] = []
    for each in way:
        if each.pair.source.kind not in NORMS:
            break
        if all(role.shape == (length,) for role in each.pair.source.roles.values()):
            found.append(each)
    return found
