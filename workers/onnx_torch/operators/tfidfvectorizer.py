"""TfIdfVectorizer: how often each of a pool of n-grams is in a row, weighed."""

from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_torch.knowing import tensor

NOBODY = -1
"""Stands for a string that is in no n-gram."""


@operator("TfIdfVectorizer")
def tf_idf_vectorizer(
    x: Raw,
    *,
    max_gram_length: int,
    max_skip_count: int,
    min_gram_length: int,
    mode: str,
    ngram_counts: list[int],
    ngram_indexes: list[int],
    pool_int64s: list[int] | None,
    pool_strings: list[str] | None,
    weights: list[float] | None,
) -> Tensor:
    """N-grams may skip up to `max_skip_count` items, the same number between each two."""
    items, pool = _numbered(tensor(x), pool_int64s or [], pool_strings or [])
    rows = items.reshape(1, -1) if items.ndim < 2 else items  # noqa: PLR2004
    total = torch.zeros((rows.shape[0], max(ngram_indexes) + 1))
    place = 0
    for size, (start, end) in enumerate(_ranges(ngram_counts, len(pool)), 1):
        grams = torch.tensor(pool[start:end], dtype=torch.int64).reshape(-1, size)
        columns = torch.tensor(ngram_indexes[place : place + len(grams)], dtype=torch.int64)
        place += len(grams)
        if min_gram_length <= size <= max_gram_length and len(grams):
            skips = range(1, 2 if size == 1 else max_skip_count + 2)
            counts = torch.stack([_counts(rows, grams, skip) for skip in skips]).sum(0)
            total = total.index_add(1, columns, counts)
    if mode == "IDF":
        total = (total > 0).float()
    if mode != "TF" and weights:
        total = total * torch.tensor(weights)
    return total.reshape(-1) if items.ndim < 2 else total  # noqa: PLR2004


def _counts(rows: Tensor, grams: Tensor, skip: int) -> Tensor:
    """How often each n-gram is in each row, its items `skip` places apart."""
    reach = (grams.shape[1] - 1) * skip + 1
    if rows.shape[1] < reach:
        return torch.zeros((rows.shape[0], grams.shape[0]))
    windows = rows.unfold(1, reach, 1)[..., ::skip]
    return (windows[:, :, None] == grams).all(-1).sum(1).float()


def _ranges(counts: list[int], length: int) -> Any:
    return zip(counts, [*islice(counts, 1, None), length], strict=True)


def _numbered(items: Any, numbers: list[int], words: list[str]) -> tuple[Tensor, list[int]]:
    """Items and pool as integers."""
    if not isinstance(items, np.ndarray):
        return items.long(), numbers
    known = {word: index for index, word in enumerate(dict.fromkeys(words))}
    flat = [known.get(str(each), NOBODY) for each in items.reshape(-1)]
    return torch.tensor(flat).reshape(items.shape), [known[word] for word in words]
