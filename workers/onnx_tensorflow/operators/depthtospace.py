"""DepthToSpace: channels laid out as blocks of pixels."""

import numpy as np
import tensorflow as tf

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.layout import Laid, Stored, channels_last


@operator("DepthToSpace")
def depth_to_space(x: Stored, *, blocksize: int, mode: str | None) -> Laid:
    """DCR has the place in the block first, which is TensorFlow's order too; CRD the channel."""
    last = x.at(channels_last(x.rank)).tensor
    if mode == "CRD":
        last = tf.gather(last, _places_first(x.shape[1], blocksize), axis=-1)
    return Laid(tf.nn.depth_to_space(last, blocksize), channels_last(x.rank))


def _places_first(channels: int | None, blocksize: int) -> list[int]:
    if channels is None:
        raise CannotTranslate(
            "cannot order channels whose number is only known when the model runs",
            hint="Export the model with a fixed number of channels.",
        )
    order: list[int] = np.arange(channels).reshape(-1, blocksize**2).T.reshape(-1).tolist()
    return order
