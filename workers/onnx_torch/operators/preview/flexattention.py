"""FlexAttention: attention, with the model's own say on scores and on weights."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.bodies import Body
from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import Change, Scoring, attended
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.masking import Reach


@operator("FlexAttention")
def flexattention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    prob_mod: Body | None,
    scale: float | None,
    score_mod: Body | None,
    softmax_precision: int | None,
) -> Tensor:
    """q, k, v are (batch, heads, length, size); heads of k and v may be shared.

    Scores and weights are float32 at least, unless `softmax_precision` says otherwise.
    """
    wide = q.dtype if q.dtype == torch.float64 else torch.float32
    precision = TORCH[softmax_precision] if softmax_precision else wide
    plain = score_mod is None and prob_mod is None and precision == q.dtype
    how = Scoring(
        scale=scale,
        precision=None if plain else precision,
        score=_change(score_mod),
        weight=_change(prob_mod),
    )
    return attended(q, k, v, None, Reach(), how)


def _change(body: Body | None) -> Change | None:
    if body is None:
        return None

    def changed(x: Tensor) -> Tensor:
        made: Any = body(x)[0]
        return made

    return changed
