"""SpaceToDepth: blocks of pixels laid out as channels."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last


@operator("SpaceToDepth")
def space_to_depth(x: Stored, *, blocksize: int, mode: str | None) -> Laid:
    """DCR has the place in the block first, which is TensorFlow's order too; CRD the channel."""
    deep = tf.nn.space_to_depth(x.at(channels_last(x.rank)).tensor, blocksize)
    if mode == "CRD":
        deep = tf.gather(deep, _channels_first(x.shape[1], blocksize), axis=-1)
    return Laid(deep, channels_last(x.rank))


def _channels_first(channels: int | None, blocksize: int) -> list[int]:
    if channels is None:
        raise CannotTranslate(
            "cannot order channels whose number is only known when the model runs",
            hint="Export the model with a fixed number of channels.",
        )
    places = np.arange(channels * blocksize**2).reshape(-1, channels)
    order: list[int] = places.T.reshape(-1).tolist()
    return order
