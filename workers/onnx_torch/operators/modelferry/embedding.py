"""Embedding: the rows of a table."""

from torch import Tensor
from torch.nn import functional

from workers.onnx_graph.registry import operator


@operator("Embedding")
def embedding(table: Tensor, indices: Tensor) -> Tensor:
    """`table` is (rows, width); no index is negative."""
    return functional.embedding(indices, table)
