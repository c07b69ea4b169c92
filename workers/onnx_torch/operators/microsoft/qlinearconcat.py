"""QLinearConcat: quantized tensors one after the other, quantized anew."""

import torch
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import dequantized, requantized


@operator("QLinearConcat")
def qlinearconcat(y_scale: Tensor, y_zero: Tensor, *parts: Tensor, axis: int) -> Tensor:
    """Each part comes with its own scale and zero point."""
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    plain = torch.cat([dequantized(*each) for each in triples], axis)
    return requantized(plain, y_scale, y_zero, y_zero.dtype)
