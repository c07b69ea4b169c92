"""Lengths that the user asked for: a result that takes less than its source, on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.signatures import Dim, Signature, Tensor
from workers.verification.dims import length_at, symbols
from workers.verification.match import match


@dataclass(frozen=True, slots=True)
class Lengths:
    """By the name of a dimension, and by that of an input; None leaves an axis alone."""

    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[int | None]] = field(default_factory=dict)

    @classmethod
    def asked(cls, options: Mapping[str, Any]) -> "Lengths":
        """What a target's options say."""
        return cls(options.get("dims") or {}, options.get("input_shapes") or {})

    def __bool__(self) -> bool:
        return bool(self.dims or self.shapes)

    def narrow(self, source: Signature, result: Signature) -> Signature:
        """The source with these lengths.

        A dimension that was not asked for stays as it was, though the result may have fixed it:
        then the result will refuse what the source takes. Names that the source does not have
        are those of an ONNX model on the way, and there the result must be believed.
        """
        found = match(source, result)
        symbolic = {name for each in source.inputs for name in _symbols_of(each)}
        inputs = {each.name for each in source.inputs}
        foreign = not (self.dims.keys() <= symbolic and self.shapes.keys() <= inputs)
        dims = {**self.dims, **self._shared(source)}
        return Signature(
            inputs=tuple(
                self._narrowed(each, dims, found.takes.get(each.name) if foreign else None)
                for each in source.inputs
            ),
            outputs=source.outputs,
        )

    def _shared(self, source: Signature) -> dict[str, int]:
        """Named dimensions that were fixed by the shape of an input that has them."""
        return {
            own: length
            for each in source.inputs
            for own, length in zip(each.shape or (), self.shapes.get(each.name, ()), strict=False)
            if isinstance(own, str) and length is not None
        }

    def _narrowed(self, tensor: Tensor, dims: Mapping[str, int], result: Tensor | None) -> Tensor:
        asked = tuple(self.shapes.get(tensor.name, ()))
        if tensor.shape is None:
            return tensor.model_copy(update={"shape": asked or None})
        rank = len(tensor.shape)
        told: Sequence[Dim] = result.shape if result and result.shape else ()
        wanted = asked if len(asked) == rank else (None,) * rank
        seen = told if len(told) == rank else (None,) * rank
        axes = zip(tensor.shape, wanted, seen, strict=True)
        shape = tuple(_length(own, length, other, dims) for own, length, other in axes)
        return tensor.model_copy(update={"shape": shape})


def _length(own: Dim, wanted: int | None, seen: Dim, dims: Mapping[str, int]) -> Dim:
    if isinstance(own, int):
        return own
    if wanted is not None:
        return wanted
    if isinstance(own, str) and symbols(own) <= dims.keys():
        return length_at(own, dims)
    return seen if isinstance(seen, int) else own


def _symbols_of(tensor: Tensor) -> set[str]:
    return {
        symbol for dim in tensor.shape or () if isinstance(dim, str) for symbol in symbols(dim)
    }
