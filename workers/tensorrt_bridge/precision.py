"""Precision: what a graph computes in, told by its tensors' types."""

from collections import Counter
from math import prod
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import UnsupportedPrecision
from shared.domain.gpus import Gpu, rank
from shared.domain.precisions import CAPABILITY, Precision

QUANTIZED: Final = {"QuantizeLinear", "DequantizeLinear"}


def precision_of(path: Path, *, tf32: bool) -> Precision:
    """The precision of most weights, int8 where the graph is quantized.

    Args:
        path: the ONNX file; weights in other files are not read.
        tf32: whether float32 products may be rounded.
    """
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    if any(node.op_type in QUANTIZED for node in graph.node):
        return Precision.INT8
    sixteen = {
        onnx.TensorProto.FLOAT16: Precision.FP16,
        onnx.TensorProto.BFLOAT16: Precision.BF16,
    }
    found = _types(graph).most_common(1)
    low = sixteen.get(found[0][0]) if found else None
    return low or (Precision.TF32 if tf32 else Precision.FP32)


def insist(precision: Precision, gpu: Gpu | None) -> None:
    """
    Raises:
        UnsupportedPrecision: that GPU does not compute in it.
    """
    needed = CAPABILITY.get(precision)
    if gpu is None or needed is None or rank(needed) <= rank(gpu.compute_capability):
        return
    raise UnsupportedPrecision(
        f"{gpu.name} has compute capability {gpu.compute_capability}; {precision} needs {needed}"
        f" or later. Ask for another precision, or for a GPU with `compute_capability`.",
        field="precision",
    )


def _types(graph: Any) -> Counter[int]:
    """Elements of the weights by type; the inputs' and outputs' where there are no weights."""
    import onnx

    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
    weights: Counter[int] = Counter()
    for each in graph.initializer:
        if each.data_type in floats:
            weights[each.data_type] += prod(each.dims)
    if weights:
        return weights
    casts = (
        attribute.i
        for node in graph.node
        if node.op_type == "Cast"
        for attribute in node.attribute
        if attribute.name == "to"
    )
    ends = (each.type.tensor_type.elem_type for each in (*graph.input, *graph.output))
    return Counter(each for each in (*casts, *ends) if each in floats)
