"""StringSplit: strings cut into parts, along a new axis."""

import numpy as np

from workers.onnx_graph.kinds import Array
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("StringSplit")
def string_split(
    x: Array, *, delimiter: str | None, maxsplit: int | None
) -> tuple[Constant, Constant]:
    """At spaces, where no delimiter is given; empty strings fill up, the second output counts."""
    most = -1 if maxsplit is None else maxsplit
    parts = [str(each).split(delimiter or None, most) for each in x.reshape(-1)]
    longest = max(map(len, parts), default=0)
    found = np.full((len(parts), longest), "", dtype=object)
    for row, each in enumerate(parts):
        found[row, : len(each)] = each
    counts = np.array([len(each) for each in parts], np.int64)
    return Constant(found.reshape(*x.shape, longest)), Constant(counts.reshape(x.shape))
