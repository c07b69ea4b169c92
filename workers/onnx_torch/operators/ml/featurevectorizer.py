"""FeatureVectorizer: features side by side in one matrix."""

import torch
from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("FeatureVectorizer")
def feature_vectorizer(*xs: Tensor, inputdimensions: list[int]) -> Tensor:
    """Each cut, or filled up with zeros, to the number of columns that is said of it."""
    parts = []
    for x, width in zip(xs, inputdimensions, strict=True):
        rows = x.reshape(-1, 1) if x.ndim == 1 else x.flatten(1)
        parts.append(functional.pad(rows.float(), (0, width - rows.shape[1])))
    return torch.cat(parts, 1)
