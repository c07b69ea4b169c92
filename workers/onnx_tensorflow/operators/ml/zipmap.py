"""ZipMap: rows as maps."""

import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.maps import HINT, REASON


@operator("ZipMap", refuses=lambda _: REASON)
def zip_map(_: tf.Tensor) -> tf.Tensor:
    """Refused."""
    raise CannotTranslate(REASON, hint=HINT)
