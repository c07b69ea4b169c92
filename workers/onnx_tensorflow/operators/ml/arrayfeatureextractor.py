"""ArrayFeatureExtractor: columns of the last axis."""

import tensorflow as tf

from workers.onnx_graph.registry import operator


@operator("ArrayFeatureExtractor")
def array_feature_extractor(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """A vector gives one row."""
    rows = x[None] if x.shape.rank == 1 else x
    return tf.gather(rows, tf.reshape(y, [-1]), axis=-1)
