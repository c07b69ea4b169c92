"""RotaryEmbedding: pairs of features turned by an angle that the position tells."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.rotation import heads_last, rotated


@operator("RotaryEmbedding")
def rotaryembedding(
    x: Tensor,
    position_ids: Tensor,
    cos: Tensor,
    sin: Tensor,
    *,
    interleaved: int | None,
    num_heads: int | None,
    rotary_embedding_dim: int | None,
) -> Tensor:
    """x is (batch, heads, length, size) or (batch, length, heads * size); caches are by position.

    `position_ids` are (batch, length), or the first one of every example.
    """
    rank = x.ndim
    length = x.shape[2] if rank == 4 else x.shape[1]  # noqa: PLR2004 - heads are apart
    places = position_ids
    if places.ndim < 2 or places.shape[1] != length:  # noqa: PLR2004 - one for all
        places = places.reshape(-1, 1) + torch.arange(length, device=x.device)
    turns, moves = (each[places].expand(x.shape[0], -1, -1) for each in (cos, sin))
    if rank == 4:  # noqa: PLR2004
        by_head = x.transpose(1, 2)
    else:
        by_head = heads_last(x, num_heads or x.shape[2] // (2 * cos.shape[1]))
    turned = rotated(by_head, turns, moves, rotary_embedding_dim, interleaved)
    return turned.transpose(1, 2) if rank == 4 else turned.reshape(x.shape)  # noqa: PLR2004
