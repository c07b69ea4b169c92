"""EmbedLayerNormalization: embeddings of words, places and segments, added up and normalized."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator
from workers.onnx_torch.skipping import LEAST


@operator("EmbedLayerNormalization")
def embedlayernormalization(  # noqa: PLR0917 - ONNX Runtime's inputs
    words: Tensor,
    segments: Tensor | None,
    word_embedding: Tensor,
    position_embedding: Tensor,
    segment_embedding: Tensor | None,
    gamma: Tensor,
    beta: Tensor,
    mask: Tensor | None = None,
    positions: Tensor | None = None,
    *,
    epsilon: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Ids are (batch, length). The second output is how many of each are not masked."""
    length = words.shape[1]
    places = torch.arange(length, device=words.device) if positions is None else positions.long()
    added = functional.embedding(words.long(), word_embedding)
    added = added + functional.embedding(places, position_embedding)
    if segments is not None and segment_embedding is not None:
        added = added + functional.embedding(segments.long(), segment_embedding)
    small = LEAST if epsilon is None else epsilon
    found = functional.layer_norm(added, list(gamma.shape), gamma, beta, small)
    if mask is None:
        counts = words.new_zeros(words.shape[0], dtype=torch.int32)
    else:
        counts = mask.sum(1, dtype=torch.int32)
    return found, counts, added
