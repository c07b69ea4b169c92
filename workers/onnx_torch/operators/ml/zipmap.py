"""ZipMap: each row as a map from labels to its numbers."""

from typing import Any

from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("ZipMap")
def zip_map(
    x: Tensor, *, classlabels_int64s: list[int] | None, classlabels_strings: list[str] | None
) -> list[dict[Any, float]]:
    """A sequence of maps, which Python has and torch has not."""
    labels: Any = classlabels_strings or classlabels_int64s or []
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    return [dict(zip(labels, row, strict=True)) for row in rows.tolist()]
