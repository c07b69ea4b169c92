"""Batching: whether Triton may join requests along the first dimension, and how many.

Source: Triton, docs/user_guide/model_configuration.md, "Maximum Batch Size".
"""

from typing import Final

from shared.domain.errors import InvalidOptions
from shared.domain.signatures import Signature, Tensor

USUAL: Final = 8
"""Where nothing is known of what the model takes."""


def batch_size(signature: Signature, wanted: int | None, most: int | None) -> int:
    """The `max_batch_size` of the config; 0 where the model does not batch.

    Args:
        wanted: the user's choice; None leaves it to the signature.
        most: what an engine was built for; None where nothing limits it, 0 where it cannot.

    Raises:
        InvalidOptions: batches were asked for that the model cannot take; names the tensor.
    """
    if wanted == 0:
        return 0
    odd = _in_the_way(signature)
    if wanted is None:
        return 0 if odd else USUAL if most is None else most
    if odd:
        raise InvalidOptions(
            f"max_batch_size is {wanted}, but the model cannot be batched: {odd}. Set it to 0.",
            field="options.max_batch_size",
        )
    if most is not None and wanted > most:
        raise InvalidOptions(
            f"max_batch_size is {wanted}, and the engine's profile takes batches of {most} at"
            " most. Build the engine with a larger max shape, or ask for less.",
            field="options.max_batch_size",
        )
    return wanted


def _in_the_way(signature: Signature) -> str | None:
    """What keeps the first dimension of all tensors from being one batch, if anything does."""
    if not signature.inputs:
        return "it has no input"
    firsts = {each.shape[0] for each in signature.inputs if each.shape}
    for tensor in (*signature.inputs, *signature.outputs):
        if not tensor.shape:
            return f"{_what(tensor)} has no first dimension that is known"
        if isinstance(tensor.shape[0], int):
            return f"the first dimension of {_what(tensor)} is fixed to {tensor.shape[0]}"
    if len(firsts) > 1:
        said = ", ".join(sorted(str(each) for each in firsts))
        return f"the first dimensions of its inputs are not the same one ({said})"
    (batch,) = firsts
    for tensor in signature.outputs:
        if tensor.shape and tensor.shape[0] not in {batch, None}:
            return f"the first dimension of {_what(tensor)} is {tensor.shape[0]}, not {batch}"
    return None


def _what(tensor: Tensor) -> str:
    return f"the tensor {tensor.name!r}"
