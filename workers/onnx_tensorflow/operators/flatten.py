"""Flatten: two axes, those before and those from an axis on."""

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.extents import lengths, normal, product, reshaped
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.regrouping import in_memory


@operator("Flatten")
def flatten(x: Stored, *, axis: int) -> Laid:
    """Axis 0 leaves one row."""
    stored = lengths(x.tensor)
    sizes = [stored[x.stored(each)] for each in range(x.rank)]
    first = normal(axis, len(sizes))
    return Laid(reshaped(in_memory(x), [product(sizes[:first]), product(sizes[first:])]))
