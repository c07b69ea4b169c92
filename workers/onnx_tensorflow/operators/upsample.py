"""Upsample: what Resize was called before."""

import numpy as np

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.resizing import Way, resized
from workers.onnx_tensorflow.scales import scales_of


@operator("Upsample", since=9)
def upsample(x: Stored, scales: Raw, *, mode: str) -> Laid:
    way = Way(mode=mode, coordinates="asymmetric", nearest="floor")
    told = scales_of(x, list(range(x.rank)), scales, None, "stretch")
    return resized(x, told, way, roi=None)


@operator("Upsample", since=7)
def upsample_7(x: Stored, *, mode: str, scales: list[float]) -> Laid:
    """The scales are an attribute."""
    made: Laid = upsample(x, Constant(np.array(scales, np.float32)), mode=mode)
    return made
