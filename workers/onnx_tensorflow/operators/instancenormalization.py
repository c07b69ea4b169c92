"""InstanceNormalization: each channel of each sample by its own statistics."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored
from workers.onnx_tensorflow.normalising import scaled_by_channel, standardised
from workers.onnx_tensorflow.widening import precisely


@operator("InstanceNormalization")
def instancenormalization(x: Stored, scale: Stored, bias: Stored, *, epsilon: float) -> Laid:
    axes = [place for place, axis in enumerate(x.order) if axis > 1]

    def compute(tensor: tf.Tensor) -> tf.Tensor:
        return standardised(tensor, axes, epsilon)[0]

    return scaled_by_channel(x.like(precisely(compute, x.tensor)), scale, bias)
