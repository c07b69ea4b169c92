"""FlexAttention: attention, with the model's own say on scores and on weights."""

from typing import Any

import tensorflow as tf

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.registry import operator
from workers.onnx_tensorflow.attending import Change, Scoring, weighed
from workers.onnx_tensorflow.carriers import carrier
from workers.onnx_tensorflow.layout import plain
from workers.onnx_tensorflow.masking import Reach


@operator("FlexAttention")
def flexattention(
    q: tf.Tensor,
    k: tf.Tensor,
    v: tf.Tensor,
    *,
    prob_mod: Body | None,
    scale: float | None,
    score_mod: Body | None,
    softmax_precision: int | None,
) -> tf.Tensor:
    """q, k, v are (batch, heads, length, size); heads of k and v may be shared.

    Scores and weights are float32 at least, unless `softmax_precision` says otherwise.
    """
    how = Scoring(
        scale=scale,
        precision=carrier(softmax_precision) if softmax_precision else None,
        score=_change(score_mod),
        weight=_change(prob_mod),
    )
    return weighed(q, k, v, None, Reach(), how)[0]


def _change(body: Body | None) -> Change | None:
    if body is None:
        return None

    def changed(x: tf.Tensor) -> Any:
        return plain(body(x))[0]

    return changed
