"""Probing: what a model gives, found out by calling it at two sizes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Dim, Signature, Tensor
from workers.huggingface.inputs import BATCH, DECODER_LENGTH, FRAMES, LENGTH, longest
from workers.torch_files.arrays import numpy_name, to_torch
from workers.verification.dims import symbols
from workers.verification.samples import generate

SMALL: Final[Mapping[str, int]] = {BATCH: 2, LENGTH: 8, DECODER_LENGTH: 5, FRAMES: 48}
LARGE: Final[Mapping[str, int]] = {BATCH: 3, LENGTH: 11, DECODER_LENGTH: 7, FRAMES: 64}
"""No two alike, so that each length of an output is that of one dimension."""

_OTHER: Final = (13, 17)
"""Lengths for dimensions that a user named."""


def probed(module: Any, inputs: Sequence[Tensor]) -> Signature:
    """The signature, outputs and all. A length of an output that is the same at both sizes is
    fixed, one that follows an input's has its name, any other may vary.

    Raises:
        InvalidModel: the model cannot be called with these inputs.
    """
    sizes = [extents_of(module, inputs, large=large) for large in (False, True)]
    small, large = (called(module, example(inputs, extents)) for extents in sizes)
    return Signature(
        inputs=tuple(inputs),
        outputs=tuple(
            Tensor(
                name=name,
                dtype=numpy_name(tensor.dtype),
                shape=tuple(
                    _dim(one, other, *sizes)
                    for one, other in zip(tensor.shape, large[name].shape, strict=True)
                ),
            )
            for name, tensor in small.items()
        ),
    )


def extents_of(module: Any, inputs: Sequence[Tensor], *, large: bool = False) -> dict[str, int]:
    """A length for each dimension that may vary, within what the model's positions allow."""
    most = longest(module.model.config)
    table = LARGE if large else SMALL
    less = 0 if large else 1
    names = {
        symbol
        for each in inputs
        for dim in each.shape or ()
        if isinstance(dim, str)
        for symbol in symbols(dim)
    }
    return {
        name: max(1, min(table.get(name, _OTHER[large]), most.get(name, 1 << 20) - less))
        for name in sorted(names)
    }


def example(inputs: Sequence[Tensor], extents: Mapping[str, int]) -> tuple[Any, ...]:
    """Seeded tensors of these inputs at those lengths."""
    case = generate(Signature(inputs=tuple(inputs), outputs=()), extents, scale=1.0, seed=(0,))
    return tuple(to_torch(case.inputs[each.name]) for each in inputs)


def called(module: Any, tensors: tuple[Any, ...]) -> dict[str, Any]:
    """The module's outputs.

    Raises:
        InvalidModel: it raises; the sentence says with what it was called.
    """
    import torch

    try:
        with torch.inference_mode():
            outputs: dict[str, Any] = module(*tensors)
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        shapes = [list(each.shape) for each in tensors]
        raise InvalidModel(
            f"{type(module.model).__name__} does not run on inputs of the shapes {shapes}:"
            f" {type(error).__name__}: {reason[:300]} Say what it takes with the option inputs."
        ) from error
    if not outputs:
        raise InvalidModel(f"{type(module.model).__name__} gives no tensor that is no cache.")
    return outputs


def _dim(one: int, other: int, small: Mapping[str, int], large: Mapping[str, int]) -> Dim:
    if one == other:
        return one
    return next((name for name in small if (small[name], large[name]) == (one, other)), None)
