"""com.microsoft.ComplexMulConj: products with the conjugates of complex numbers."""

import tensorflow as tf

from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.spectra import complex_of, parts_of


@operator("ComplexMulConj")
def complex_mul_conj(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """They are a last axis of two; shapes are broadcast."""
    return parts_of(complex_of(a) * tf.math.conj(complex_of(b)), a.dtype)
