"""Cast: the elements in another type."""

from typing import Any

from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.casting import cast


@operator("Cast", since=1)
def cast_1(x: Tensor, *, to: str) -> Any:
    """The type is called by its name."""
    return cast(x, TensorProto.DataType.Value(to))


@operator("Cast", since=6)
def cast_6(x: Tensor, *, to: int, saturate: int | None, round_mode: str | None) -> Any:
    """Strings come and go as arrays of objects; see `workers.onnx_torch.casting`."""
    return cast(x, to, saturate, round_mode)
