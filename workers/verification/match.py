"""Match: which input and output of the result is which of the source's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from shared.domain.signatures import Dim, Signature, Tensor
from workers.onnx_tensorflow.naming import writable
from workers.verification.samples import dtype_named

SPATIAL = 3
"""Axes from which on a tensor can have its channels first or last."""


_Shape = Sequence[Dim] | None


@dataclass(frozen=True, slots=True)
class Match:
    """The source's names to the result's. `wrong` says why there is no match.

    Tensors that have their channels last in one of the two and first in the other are `laid`
    out anew: by name, the axes that take a source's input to the result's order, and a result's
    output to the source's.
    """

    how: str
    takes: Mapping[str, Tensor]
    gives: Mapping[str, str]
    wrong: str | None = None
    laid: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    told: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def inputs(
        self, arrays: Mapping[str, NDArray[Any]], *, recast: bool = False
    ) -> dict[str, NDArray[Any]]:
        """The source's inputs under the result's names, integers in the width it takes.

        With `recast` floats are in the result's type, too.
        """
        kinds = "iufV" if recast else "iu"  # numpy counts bfloat16 among V
        return {
            tensor.name: _widened(_turned(arrays[name], self.laid.get(name)), tensor, kinds)
            for name, tensor in self.takes.items()
        }

    def seen(self, name: str) -> Tensor | None:
        """What the result takes for that input, its axes in the source's order."""
        tensor = self.takes.get(name)
        if tensor is None or tensor.shape is None or name not in self.laid:
            return tensor
        shape = dict(zip(self.laid[name], tensor.shape, strict=True))
        return tensor.model_copy(update={"shape": tuple(shape[axis] for axis in sorted(shape))})

    def outputs(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The result's outputs under the source's names, their axes in its order.

        One of another rank than announced stays as it is: the comparison will say so.
        """
        return {
            name: _turned(arrays[other], self.told.get(name)) for name, other in self.gives.items()
        }


def match(source: Signature, result: Signature) -> Match:
    """By name where the names agree, else by order.

    A result may lack inputs that the source never reads, when all others agree by name.
    """
    sources = {each.name: each for each in source.inputs}
    results = {each.name: each for each in result.inputs}
    outputs = [each.name for each in source.outputs]
    other_outputs = [each.name for each in result.outputs]
    if twice := _repeated(source) or _repeated(result):
        return _none(f"The name {twice!r} stands for two inputs or two outputs of one model.")
    if not outputs:
        return _none("The source has no outputs: there is nothing to compare.")
    if len(outputs) != len(other_outputs):
        return _none(
            f"The source has the outputs {outputs}, the result {other_outputs}: not as many."
        )
    takes, how = _inputs(sources, results)
    if takes is None:
        return _none(f"The source takes {list(sources)}, the result {list(results)}.")
    renamed = _renamed(outputs, other_outputs)
    gives = renamed or dict(zip(outputs, other_outputs, strict=True))
    told = f"inputs by {how}, outputs by {'name' if renamed else 'order'}"
    laid = _layouts({name: (sources[name].shape, each.shape) for name, each in takes.items()})
    shapes = {each.name: each.shape for each in source.outputs}
    given = {each.name: each.shape for each in result.outputs}
    back = _layouts({name: (given[other], shapes[name]) for name, other in gives.items()})
    if moved := [*sorted(laid), *sorted(back)]:
        told += f", {', '.join(moved)} with the channels moved"
    return Match(told, takes, gives, laid=laid, told=back)


def narrowed(source: Signature, result: Signature) -> Signature:
    """The source with the lengths that the result has fixed."""
    found = match(source, result)
    if found.wrong:
        return source
    return Signature(
        inputs=tuple(
            each.model_copy(update={"shape": _fixed(each, found.seen(each.name))})
            for each in source.inputs
        ),
        outputs=source.outputs,
    )


def _inputs(
    sources: Mapping[str, Tensor], results: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor] | None, str]:
    names = _renamed(list(sources), list(results))
    if names:
        return {name: results[other] for name, other in names.items()}, "name"
    if results.keys() <= sources.keys():
        unread = [name for name in sources if name not in results]
        how = f"name ({', '.join(unread)} never read)" if unread else "name"
        return {name: results[name] for name in sources if name in results}, how
    if len(sources) == len(results):
        return dict(zip(sources, results.values(), strict=True)), "order"
    return None, "neither"


def _renamed(sources: Sequence[str], results: Sequence[str]) -> dict[str, str] | None:
    """Which is which by name, as written or as TensorFlow can write it; None where that fails."""
    if set(sources) == set(results):
        return {name: name for name in sources}
    plain = {name: writable(name) for name in sources}
    if set(plain.values()) == set(results) and len(results) == len(plain):
        return plain
    return None


def _layouts(shapes: Mapping[str, tuple[_Shape, _Shape]]) -> dict[str, tuple[int, ...]]:
    found = {name: _layout(*pair) for name, pair in shapes.items()}
    return {name: axes for name, axes in found.items() if axes is not None}


def _layout(one: _Shape, other: _Shape) -> tuple[int, ...] | None:
    """The axes that take the channels of one from first to last or back, where the shapes agree
    only then."""
    if one is None or other is None or len(one) != len(other) or len(one) < SPATIAL:
        return None
    if _same(one, other):
        return None
    rank = len(one)
    for axes in ((0, *range(2, rank), 1), (0, rank - 1, *range(1, rank - 1))):
        moved = [one[axis] for axis in axes]
        if _same(moved, other) or (not _agree(one, other) and _agree(moved, other)):
            return axes
    return None


def _turned(array: NDArray[Any], axes: tuple[int, ...] | None) -> NDArray[Any]:
    return array if axes is None or array.ndim != len(axes) else array.transpose(axes)


def _same(one: Sequence[Dim], other: Sequence[Dim]) -> bool:
    """Equal lengths where they are fixed, and open in the same places."""
    pairs = zip(one, other, strict=True)
    return all(a == b if isinstance(a, int) else not isinstance(b, int) for a, b in pairs)


def _agree(one: Sequence[Dim], other: Sequence[Dim]) -> bool:
    """No two lengths that are fixed differ."""
    pairs = zip(one, other, strict=True)
    return all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int))


def _repeated(signature: Signature) -> str | None:
    """A name that two inputs share, or two outputs."""
    for tensors in (signature.inputs, signature.outputs):
        counts = Counter(each.name for each in tensors)
        for name, count in counts.items():
            if count > 1:
                return name
    return None


def _none(wrong: str) -> Match:
    return Match("neither name nor order", {}, {}, wrong)


def _fixed(source: Tensor, result: Tensor | None) -> Sequence[int | str | None] | None:
    if result is None or result.shape is None or source.shape is None:
        return source.shape
    if len(source.shape) != len(result.shape):
        return source.shape
    pairs = zip(source.shape, result.shape, strict=True)
    return tuple(other if isinstance(other, int) else one for one, other in pairs)


def _widened(array: NDArray[Any], tensor: Tensor, kinds: str) -> NDArray[Any]:
    if array.dtype.kind in kinds and array.dtype.name != tensor.dtype:
        return array.astype(dtype_named(tensor))
    return array
