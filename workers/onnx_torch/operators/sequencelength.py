"""SequenceLength: how many elements a sequence has."""

import numpy as np

from workers.onnx_graph.kinds import Raw
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


@operator("SequenceLength")
def sequence_length(sequence: Raw) -> Constant:
    """Known whenever there is a list."""
    return Constant(np.array(len(sequence), np.int64))
