"""Attention: projections of one input to queries, keys and values, and attention among them."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import Scoring, attended, heads_first, heads_joined
from workers.onnx_torch.masking import Reach
from workers.onnx_torch.padded import filtered, joined

PAST_LENGTH = 6
"""The input that says how much of a shared buffer is filled."""

REASON = "turns its features, or shares a buffer with its past"


def _refused(node: Node) -> str | None:
    special = node.attributes.get("do_rotary") or any(node.inputs[PAST_LENGTH:])
    return REASON if special else None


@operator("Attention", refuses=_refused)
def attention(  # noqa: PLR0917 - ONNX Runtime's inputs
    x: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    past: Tensor | None = None,
    attention_bias: Tensor | None = None,
    past_length: Tensor | None = None,
    *,
    do_rotary: int | None,
    mask_filter_value: float | None,
    num_heads: int,
    qkv_hidden_sizes: list[int] | None,
    scale: float | None,
    unidirectional: int | None,
) -> tuple[Tensor, Tensor]:
    """x is (batch, length, size), weights (size, sum of the three); the past is (2, batch, heads,
    length, size), and goes before the present."""
    if do_rotary or past_length is not None:
        raise CannotTranslate(REASON)
    projected = functional.linear(x, weights.t(), bias)
    sizes = qkv_hidden_sizes or [weights.shape[1] // 3] * 3
    q, k, v = (heads_first(each, num_heads) for each in projected.split(sizes, 2))
    if past is not None:
        k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
    offset = 0 if past is None else past.shape[3]
    padding = None if mask is None else filtered(mask, x.shape[0], k.shape[2], mask_filter_value)
    found = attended(
        q,
        k,
        v,
        joined(padding, attention_bias, q),
        Reach(offset=offset, causal=bool(unidirectional)),
        Scoring(scale=scale or None),
    )
    present = torch.stack([k, v]) if k.shape[3] == v.shape[3] else k
    return heads_joined(found), present
