"""MelWeightMatrix: how much each frequency counts for each band of the mel scale."""

import numpy as np
from onnx import helper

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant

SCALE, BREAK = 2595.0, 700.0
"""mel(f) = 2595 * log10(1 + f / 700)."""


@operator("MelWeightMatrix")
def mel_weight_matrix(
    num_mel_bins: Number,
    dft_length: Number,
    sample_rate: Number,
    lower_edge_hertz: Number,
    upper_edge_hertz: Number,
    *,
    output_datatype: int,
) -> Constant:
    """Triangles of height 1, (frequencies, bands); worked out before the model runs."""
    given = [num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz]
    if not all(isinstance(each, int | float) for each in given):
        raise CannotTranslate(
            "needs all its inputs before the model runs", hint="Make them constants of the model."
        )
    low, high = (
        SCALE * np.log10(1 + each / BREAK) for each in (lower_edge_hertz, upper_edge_hertz)
    )
    edges = low + np.arange(num_mel_bins + 2) * (high - low) / (num_mel_bins + 2)
    hertz = BREAK * (10 ** (edges / SCALE) - 1)
    points = ((dft_length + 1) * hertz // sample_rate).astype(int)
    matrix = np.zeros((dft_length // 2 + 1, num_mel_bins))
    for band, (left, middle, right) in enumerate(
        zip(points, points[1:], points[2:], strict=False)
    ):
        rising = np.arange(left, middle + 1)
        matrix[rising, band] = (rising - left) / (middle - left) if middle > left else 1
        falling = np.arange(middle, right)
        matrix[falling, band] = (right - falling) / max(right - middle, 1)
    return Constant(matrix.astype(helper.tensor_dtype_to_np_dtype(output_datatype)))
