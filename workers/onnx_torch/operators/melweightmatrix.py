"""MelWeightMatrix: what each frequency of a spectrum gives to each band of the mel scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from workers.onnx_graph.kinds import Number
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant


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
    """Triangles between neighbours of three, evenly spaced in mel; (frequencies, bands)."""
    count = int(num_mel_bins)
    low, high = (_mel(float(edge)) for edge in (lower_edge_hertz, upper_edge_hertz))
    mels = low + np.arange(count + 2) * ((high - low) / (count + 2))
    hertz = 700 * (10 ** (mels / 2595) - 1)
    places = ((int(dft_length) + 1) * hertz // int(sample_rate)).astype(np.int64)
    left, centre, right = places[:-2], places[1:-1], places[2:]
    frequency = np.arange(int(dft_length) // 2 + 1)[:, None]
    rising = _part(frequency - left, centre - left, (frequency >= left) & (frequency <= centre))
    rising = np.where((centre == left) & (frequency == centre), 1.0, rising)
    inside = (frequency >= centre) & (frequency < right)
    falling = _part(right - frequency, right - centre, inside)
    weights = np.where(inside, falling, rising)
    return Constant(weights.astype(helper.tensor_dtype_to_np_dtype(output_datatype)))


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _part(way: NDArray[Any], whole: NDArray[Any], where: NDArray[Any]) -> NDArray[Any]:
    return np.where(where & (whole != 0), way / np.where(whole == 0, 1, whole), 0.0)
