"""Transpose: the axes in another order."""

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, canonical


@operator("Transpose")
def transpose(x: Stored, *, perm: list[int] | None) -> Laid:
    """In reverse unless said. Nothing is moved before somebody wants another order."""
    perm = perm or list(reversed(range(x.rank)))
    if x.array is not None:
        plain = x.at(canonical(x.rank)).array
        return Laid(None, array=plain.transpose(perm), name=x.name)
    return Laid(x.tensor, tuple(perm.index(axis) for axis in x.order))
