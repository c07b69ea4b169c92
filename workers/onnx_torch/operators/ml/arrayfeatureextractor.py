"""ArrayFeatureExtractor: some of the last axis' elements."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.texts import textual


@operator("ArrayFeatureExtractor")
@textual
def array_feature_extractor(x: Tensor, y: Tensor) -> Tensor:
    """A vector becomes a matrix of one row."""
    found = x.index_select(-1, y.reshape(-1))
    return found.unsqueeze(0) if x.ndim == 1 else found
