"""DynamicQuantizeLinear: to uint8, by a scale and a zero point that the elements give."""

import torch
from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.quantizing import quantized


@operator("DynamicQuantizeLinear")
def dynamicquantizelinear(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The range always holds 0. Where all are 0, the scale is 1."""
    low, high = x.amin().clamp(max=0), x.amax().clamp(min=0)
    scale = torch.where(high == low, 1, (high - low) / 255)
    zero = quantized(-low / scale, None, TensorProto.UINT8)
    return quantized(x / scale, zero, TensorProto.UINT8), scale, zero
