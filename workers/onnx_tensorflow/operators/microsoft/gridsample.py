"""com.microsoft.GridSample: the values of an image at the points of a grid."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.operators.gridsample import grid_sample as sampled


@operator("GridSample")
def grid_sample(
    x: Stored,
    grid: tf.Tensor,
    *,
    align_corners: int | None,
    mode: str | None,
    padding_mode: str | None,
) -> Laid:
    """As ONNX's own, which it became."""
    made: Laid = sampled(
        x,
        grid,
        align_corners=align_corners or 0,
        mode=mode or "bilinear",
        padding_mode=padding_mode or "zeros",
    )
    return made
