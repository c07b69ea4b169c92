"""FeatureVectorizer: features side by side."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.spectra import fitted


@operator("FeatureVectorizer")
def feature_vectorizer(*xs: tf.Tensor, inputdimensions: list[int] | None) -> tf.Tensor:
    """As float32; each cut or filled up with zeros to its length, if those are told."""
    rows = [tf.cast(x[None] if x.shape.rank == 1 else x, tf.float32) for x in xs]
    if inputdimensions:
        rows = [fitted(row, size) for row, size in zip(rows, inputdimensions, strict=True)]
    return tf.concat(rows, axis=1)
