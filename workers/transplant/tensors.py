"""Tensors of PyTorch as arrays."""

from typing import Any

from workers.weights.variables import Array


def as_array(tensor: Any) -> Array:
    """Of the same dtype, that of ml_dtypes where numpy has none. May share the memory."""
    import ml_dtypes
    import torch

    plain = tensor.detach().cpu()
    half = plain.dtype is torch.bfloat16
    bits = plain.view(torch.int16).numpy() if half else plain.numpy()
    found: Array = bits.view(ml_dtypes.bfloat16) if half else bits
    return found
