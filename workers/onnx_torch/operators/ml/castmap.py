"""CastMap: the values of a map as a row."""

import numpy as np

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant

TYPES = {"TO_FLOAT": np.float32, "TO_INT64": np.int64, "TO_STRING": object}
PLAIN = {"TO_FLOAT": float, "TO_INT64": int, "TO_STRING": str}


@operator("CastMap")
def cast_map(x: Raw, *, cast_to: str, map_form: str, max_map: int) -> Constant:
    """Dense in the order of the keys; sparse with each value at the place that its key says."""
    cast = PLAIN[cast_to]
    if map_form == "DENSE":
        values = [cast(x[key]) for key in sorted(x)]
    else:
        values = [
            cast(x.get(place, "" if cast_to == "TO_STRING" else 0)) for place in range(max_map)
        ]
    return Constant(np.array([values], dtype=TYPES[cast_to]))
