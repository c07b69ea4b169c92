"""Quantising: QuantizeLinear and DequantizeLinear put around what shall be int8.

Symmetric, of 8 bits with sign, zero points 0; weights are kept as int8, each with one
DequantizeLinear; biases stay in float32, for TensorRT takes none in int32.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from workers.precision.spots import Spot

LARGEST: Final = 127
"""-128 is not used: a symmetric range is what the formats of every runtime share."""

LEAST: Final = 1e-35
"""Weights below it are zero: their scale would be no normal float32."""


def quantise(model: Any, spots: Sequence[Spot], thresholds: Mapping[str, float]) -> None:
    """Put the pairs in, in place. A tensor that several nodes read has one pair for all.

    Args:
        thresholds: the magnitude that becomes 127, by tensor; above 0.
    """
    import onnx

    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    chosen = {each.node: each for each in spots}
    made: dict[str, str] = {}
    nodes: list[Any] = []
    for old in graph.node:
        node = onnx.NodeProto()
        node.CopyFrom(old)
        if spot := chosen.get(node.name):
            if spot.tensor not in made:
                made[spot.tensor] = _pair(graph, nodes, spot.tensor, thresholds[spot.tensor])
            key = f"{spot.weight}/int8" + ("" if spot.axis is None else f"/axis{spot.axis}")
            if key not in made:
                made[key] = _weight(graph, nodes, weights[spot.weight], key, spot.axis)
            node.input[0], node.input[1] = made[spot.tensor], made[key]
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]


def _pair(graph: Any, nodes: list[Any], tensor: str, threshold: float) -> str:
    import numpy as np
    from onnx import helper, numpy_helper

    scale, zero, small, back = (f"{tensor}/{each}" for each in ("scale", "zero", "int8", "back"))
    held = (np.asarray(threshold / LARGEST, np.float32), scale), (np.asarray(0, np.int8), zero)
    graph.initializer.extend(numpy_helper.from_array(*each) for each in held)
    nodes += [
        helper.make_node("QuantizeLinear", [tensor, scale, zero], [small], name=small),
        helper.make_node("DequantizeLinear", [small, scale, zero], [back], name=back),
    ]
    return back


def _weight(graph: Any, nodes: list[Any], weight: Any, key: str, axis: int | None) -> str:
    import numpy as np
    from onnx import helper, numpy_helper

    array = numpy_helper.to_array(weight)
    scales = _scales(array, axis)
    shape = [1] * array.ndim
    if axis is not None:
        shape[axis] = -1
    rounded = np.rint(array / scales.reshape(shape)).clip(-LARGEST, LARGEST).astype(np.int8)
    scale, zero, back = (f"{key}/{each}" for each in ("scale", "zero", "back"))
    held = (rounded, key), (scales, scale), (np.zeros(scales.shape, np.int8), zero)
    graph.initializer.extend(numpy_helper.from_array(*each) for each in held)
    along = {} if axis is None else {"axis": axis}
    nodes.append(helper.make_node("DequantizeLinear", [key, scale, zero], [back], back, **along))
    return back


def _scales(array: NDArray[Any], axis: int | None) -> NDArray[Any]:
    """float32: one number, or one for each index along `axis`. What is as good as zero gets 1."""
    import numpy as np

    others = None if axis is None else tuple(i for i in range(array.ndim) if i != axis)
    largest = np.abs(array).max(axis=others)
    scales: NDArray[Any] = np.where(largest > LEAST, largest / LARGEST, 1.0).astype(np.float32)
    return scales
