"""RotaryEmbedding: pairs of features turned by an angle that the position tells."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.rotation import heads_last, rotated


@operator("RotaryEmbedding")
def rotaryembedding(
    x: Tensor,
    cos: Tensor,
    sin: Tensor,
    position_ids: Tensor | None = None,
    *,
    interleaved: int,
    num_heads: int | None,
    rotary_embedding_dim: int,
) -> Tensor:
    """x is (batch, heads, length, size) or (batch, length, heads * size).

    The caches are by position, or without `position_ids` by example and place.
    """
    if position_ids is not None:
        cos, sin = cos[position_ids], sin[position_ids]
    by_head = x.transpose(1, 2) if x.ndim == 4 else heads_last(x, num_heads or 1)  # noqa: PLR2004
    turned = rotated(by_head, cos, sin, rotary_embedding_dim, interleaved)
    return turned.transpose(1, 2) if x.ndim == 4 else turned.reshape(x.shape)  # noqa: PLR2004
