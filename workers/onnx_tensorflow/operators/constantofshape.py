"""ConstantOfShape: one value everywhere."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workers.onnx_graph.kinds import Ints
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.carriers import carried
from workers.onnx_tensorflow.extents import shape_of


@operator("ConstantOfShape")
def constant_of_shape(shape: Ints, *, value: NDArray[np.generic] | None) -> tf.Tensor:
    """0.0 unless said."""
    filling = np.zeros((), np.float32) if value is None else carried(value.reshape(()))
    return tf.fill(shape_of(shape), tf.constant(filling))
