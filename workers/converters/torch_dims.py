"""Dimensions that vary, as torch.export wants them said."""

import re
from typing import Any

from shared.domain.signatures import Signature


def dynamic_shapes(signature: Signature) -> tuple[Any, ...]:
    """For each input its open axes: under the signature's names, and left for the exporter to
    find out where a length has no name or is computed from others."""
    import torch

    dims: dict[str, Any] = {}
    shapes = []
    for tensor in signature.inputs:
        shape: dict[int, Any] = {}
        for axis, dim in enumerate(tensor.shape or ()):
            if isinstance(dim, int):
                continue
            named = dim is not None and re.fullmatch(r"[A-Za-z_]\w*", dim)
            shape[axis] = (
                dims.setdefault(str(dim), torch.export.Dim(str(dim)))
                if named
                else torch.export.Dim.AUTO
            )
        shapes.append(shape or None)
    return tuple(shapes)


def found_out(signature: Signature) -> tuple[Any, ...]:
    """As `dynamic_shapes`, where nobody knows which of the open axes are free: the exporter fixes
    or bounds those that are not."""
    import torch

    return tuple(
        {
            axis: torch.export.Dim.AUTO
            for axis, dim in enumerate(tensor.shape or ())
            if not isinstance(dim, int)
        }
        or None
        for tensor in signature.inputs
    )
