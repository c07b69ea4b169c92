"""Attention: values weighed by how well queries fit their keys, with or without a cache."""

import torch
from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import Scoring, attended, heads_first, heads_joined, weighed
from workers.onnx_torch.dtypes import TORCH
from workers.onnx_torch.masking import Reach


@operator("Attention", since=23)
def attention(  # noqa: PLR0917 - ONNX's inputs
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    filled: Tensor | None = None,
    *,
    is_causal: int,
    kv_num_heads: int | None,
    left_window_size: int | None,
    q_num_heads: int | None,
    qk_matmul_output_mode: int,
    right_window_size: int | None,
    scale: float | None,
    softcap: float,
    softmax_precision: int | None,
    node: Node,
) -> tuple[Tensor, ...]:
    """q, k, v are (batch, heads, length, size), or (batch, length, heads * size) with `num_heads`.

    The past goes before k and v; or they are the whole cache, `filled` of it with more than
    padding.
    """
    packed = q.ndim == 3  # noqa: PLR2004 - the heads are in the last axis
    if packed:
        if not q_num_heads or not kv_num_heads:
            raise CannotTranslate("is given three axes and no number of heads")
        q = heads_first(q, q_num_heads)
        k, v = heads_first(k, kv_num_heads), heads_first(v, kv_num_heads)
    if past_key is not None and past_value is not None:
        k, v = torch.cat([past_key, k], 2), torch.cat([past_value, v], 2)
    keys = None if filled is None else filled.reshape(-1, 1, 1, 1)
    offset = 0 if past_key is None else past_key.shape[2]
    reach = Reach(
        offset=offset if keys is None or past_key is not None else keys - q.shape[2],
        causal=bool(is_causal),
        left=-1 if left_window_size is None else left_window_size,
        right=-1 if right_window_size is None else right_window_size,
        filled=keys,
    )
    precision = TORCH[softmax_precision] if softmax_precision else None
    how = Scoring(scale, softcap, precision)
    if not any(node.outputs[3:]):
        found = attended(q, k, v, mask, reach, how)
        return heads_joined(found) if packed else found, k, v
    found, scores = weighed(q, k, v, mask, reach, how)
    return heads_joined(found) if packed else found, k, v, scores[qk_matmul_output_mode]
