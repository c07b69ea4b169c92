"""com.microsoft.ComplexMul: products of complex numbers, which are a last axis of two."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.spectra import complex_of, parts_of


@operator("ComplexMul")
def complex_mul(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Shapes are broadcast."""
    return parts_of(complex_of(a) * complex_of(b), a.dtype)
