"""Match: which input and output of the result is which of the source's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from shared.domain.signatures import Signature, Tensor
from workers.verification.samples import dtype_named


@dataclass(frozen=True, slots=True)
class Match:
    """The source's names to the result's. `wrong` says why there is no match."""

    how: str
    takes: Mapping[str, Tensor]
    gives: Mapping[str, str]
    wrong: str | None = None

    def inputs(
        self, arrays: Mapping[str, NDArray[Any]], *, recast: bool = False
    ) -> dict[str, NDArray[Any]]:
        """The source's inputs under the result's names, integers in the width it takes.

        With `recast` floats are in the result's type, too.
        """
        kinds = "iufV" if recast else "iu"  # numpy counts bfloat16 among V
        return {
            tensor.name: _widened(arrays[name], tensor, kinds)
            for name, tensor in self.takes.items()
        }

    def outputs(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The result's outputs under the source's names."""
        return {name: arrays[other] for name, other in self.gives.items()}


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
    by_name = set(outputs) == set(other_outputs)
    gives = dict(zip(outputs, outputs if by_name else other_outputs, strict=True))
    return Match(f"inputs by {how}, outputs by {'name' if by_name else 'order'}", takes, gives)


def narrowed(source: Signature, result: Signature) -> Signature:
    """The source with the lengths that the result has fixed."""
    found = match(source, result)
    if found.wrong:
        return source
    return Signature(
        inputs=tuple(
            each.model_copy(update={"shape": _fixed(each, found.takes.get(each.name))})
            for each in source.inputs
        ),
        outputs=source.outputs,
    )


def _inputs(
    sources: Mapping[str, Tensor], results: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor] | None, str]:
    if results.keys() <= sources.keys():
        unread = [name for name in sources if name not in results]
        how = f"name ({', '.join(unread)} never read)" if unread else "name"
        return {name: results[name] for name in sources if name in results}, how
    if len(sources) == len(results):
        return dict(zip(sources, results.values(), strict=True)), "order"
    return None, "neither"


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
