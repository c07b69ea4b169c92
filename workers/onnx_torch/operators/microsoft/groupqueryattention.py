"""GroupQueryAttention: attention with a cache, as language models of ONNX Runtime's have it."""

from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import Scoring, attended, heads_first, heads_joined
from workers.onnx_torch.masking import Reach
from workers.onnx_torch.rotation import rotated

PLAIN_INPUTS = 11
"""Those after are for caches and queries in other forms."""


def _refused(node: Node) -> str | None:
    if any(node.inputs[PLAIN_INPUTS:]) or node.attributes.get("smooth_softmax"):
        return "has a quantized cache, a sink for its heads or norms of its own"
    return None


@operator("GroupQueryAttention", refuses=_refused)
def groupqueryattention(  # noqa: PLR0917 - ONNX Runtime's inputs
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    past_key: Tensor | None,
    past_value: Tensor | None,
    last: Tensor,
    total: Number,
    cos: Tensor | None = None,
    sin: Tensor | None = None,
    position_ids: Tensor | None = None,
    attention_bias: Tensor | None = None,
    *,
    do_rotary: int | None,
    kv_num_heads: int,
    local_window_size: int | None,
    num_heads: int,
    rotary_interleaved: int | None,
    scale: float | None,
    softcap: float | None,
    node: Node,
) -> tuple[Tensor, Tensor, Tensor]:
    """query is (batch, length, heads * size), or has keys and values behind it; the past is
    (batch, heads, room, size), of which `last` + 1 less the new ones are filled by example."""
    if (reason := _refused(node)) is not None:
        raise CannotTranslate(reason)
    if key is None or value is None:
        size = query.shape[2] // (num_heads + 2 * kv_num_heads)
        widths = [num_heads * size, kv_num_heads * size, kv_num_heads * size]
        query, key, value = query.split(widths, 2)
    q = heads_first(query, num_heads)
    k, v = heads_first(key, kv_num_heads), heads_first(value, kv_num_heads)
    length = q.shape[2]
    filled = last.reshape(-1, 1).long() + 1
    start = (filled - length).clamp(min=0)
    places = start + torch.arange(length, device=q.device)
    if do_rotary and cos is not None and sin is not None:
        at = places if position_ids is None else position_ids
        q, k = (_turned(each, cos[at], sin[at], rotary_interleaved) for each in (q, k))
    k, v = _written(past_key, k, places, total), _written(past_value, v, places, total)
    reach = Reach(
        offset=start.reshape(-1, 1, 1, 1),
        causal=True,
        left=-1 if local_window_size is None or local_window_size < 1 else local_window_size - 1,
        filled=filled.reshape(-1, 1, 1, 1),
    )
    how = Scoring(scale=scale or None, softcap=softcap or 0.0)
    return heads_joined(attended(q, k, v, attention_bias, reach, how)), k, v


def _turned(x: Tensor, cos: Tensor, sin: Tensor, interleaved: int | None) -> Tensor:
    size = 2 * cos.shape[-1]
    return rotated(x.transpose(1, 2), cos, sin, size, interleaved).transpose(1, 2)


def _written(past: Tensor | None, new: Tensor, places: Tensor, total: Any) -> Tensor:
    """A cache with room for all, and what is new at its places."""
    room = total if past is None else torch.sym_max(past.shape[2], total)
    begun = new.new_zeros(new.shape[0], new.shape[1], room, new.shape[3])
    if past is not None:
        begun = torch.cat([past, begun.narrow(2, 0, room - past.shape[2])], 2)
    index = places.reshape(places.shape[0], 1, places.shape[1], 1).expand(new.shape)
    return begun.scatter(2, index, new)
