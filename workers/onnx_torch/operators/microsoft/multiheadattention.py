"""MultiHeadAttention: attention of queries to keys that are projected already."""

import torch
from torch import Tensor

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import Scoring, attended, heads_first, heads_joined
from workers.onnx_torch.masking import Reach
from workers.onnx_torch.padded import filtered, joined

PAST_LENGTH = 8
"""The input that says how much of a shared buffer is filled."""

REASON = "shares a buffer with its past"


def _refused(node: Node) -> str | None:
    return REASON if any(node.inputs[PAST_LENGTH:]) else None


@operator("MultiHeadAttention", refuses=_refused)
def multiheadattention(  # noqa: PLR0917 - ONNX Runtime's inputs
    query: Tensor,
    key: Tensor | None = None,
    value: Tensor | None = None,
    bias: Tensor | None = None,
    padding: Tensor | None = None,
    attention_bias: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    past_length: Tensor | None = None,
    indirection: Tensor | None = None,
    *,
    mask_filter_value: float | None,
    num_heads: int,
    scale: float | None,
    unidirectional: int | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Each is (batch, length, heads * size); keys and values may be (batch, heads, length, size),
    and all three may be packed into the query as (batch, length, heads, 3, size)."""
    if past_length is not None or indirection is not None:
        raise CannotTranslate(REASON)
    q, k, v = _parted(query, key, value, bias, num_heads)
    offset = 0
    if past_key is not None and past_value is not None:
        offset = past_key.shape[2]
        k, v = torch.cat([past_key, k], 2), torch.cat([past_value, v], 2)
    hidden = (
        None if padding is None else filtered(padding, q.shape[0], k.shape[2], mask_filter_value)
    )
    found = attended(
        q,
        k,
        v,
        joined(hidden, attention_bias, q),
        Reach(offset=offset, causal=bool(unidirectional)),
        Scoring(scale=scale or None),
    )
    return heads_joined(found), k, v


def _parted(
    query: Tensor, key: Tensor | None, value: Tensor | None, bias: Tensor | None, heads: int
) -> list[Tensor]:
    """Queries, keys and values, each (batch, heads, length, size) with its part of the bias."""
    if key is None:
        parts = [each.transpose(1, 2) for each in query.unbind(3)]
    elif value is None:
        parts = [heads_first(query, heads), *(each.transpose(1, 2) for each in key.unbind(3))]
    else:
        parts = [
            each if each.ndim == 4 else heads_first(each, heads)  # noqa: PLR2004 - parted already
            for each in (query, key, value)
        ]
    if bias is None:
        return parts
    sizes = [heads * each.shape[3] for each in parts]
    moved = bias.split(sizes)
    return [each + own.reshape(1, heads, 1, -1) for each, own in zip(parts, moved, strict=True)]
