"""DictVectorizer: a map as a row, by a vocabulary."""

from typing import Any

import numpy as np

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("DictVectorizer")
def dict_vectorizer(
    x: Raw, *, int64_vocabulary: list[int] | None, string_vocabulary: list[str] | None
) -> Constant:
    """What the map does not have is zero, or an empty string."""
    keys: Any = string_vocabulary or int64_vocabulary or []
    rows = [x] if isinstance(x, dict) else list(x)
    known = next((value for row in rows for value in row.values()), 0.0)
    text = isinstance(known, str)
    kind = object if text else np.int64 if isinstance(known, int | np.integer) else np.float32
    if isinstance(known, np.floating):
        kind = known.dtype.type
    found = [[row.get(key, "" if text else 0) for key in keys] for row in rows]
    return Constant(np.array(found, dtype=kind))
