"""Traced modules to Core ML: what their inputs are must be said beside them."""

from typing import Any

from shared.domain.signatures import Signature, Tensor
from workers.coreml_bridge.words import identifiers


def described(signature: Signature, examples: tuple[Any, ...], longest: int) -> list[Any]:
    """The inputs as coremltools wants them: names, types, and ranges of what may vary.

    Args:
        examples: tensors of sizes that the module took.
        longest: of every dimension that may vary; Core ML wants an end there.
    """
    import coremltools

    names = identifiers(each.name for each in signature.inputs)
    return [
        coremltools.TensorType(
            name=name,
            shape=coremltools.Shape(_lengths(tensor, tuple(example.shape), longest)),
            dtype=example.numpy().dtype.type,
        )
        for name, tensor, example in zip(names, signature.inputs, examples, strict=True)
    ]


def _lengths(tensor: Tensor, lengths: tuple[int, ...], longest: int) -> list[Any]:
    import coremltools

    return [
        length
        if isinstance(dim, int)
        else coremltools.RangeDim(1, max(longest, length), default=length)
        for dim, length in zip(tensor.shape or lengths, lengths, strict=True)
    ]
