"""Casting from one of ONNX's element types to another."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_torch.dtypes import TORCH, array_of, tensor_of
from workers.onnx_torch.minifloats import CARRIED, FLOATS_8, carried, float8, powers

NARROW: Final[dict[int, tuple[int, bool]]] = {
    TensorProto.UINT4: (4, False),
    TensorProto.INT4: (4, True),
    TensorProto.UINT2: (2, False),
    TensorProto.INT2: (2, True),
}
"""Integers that wider ones carry: their bits, and whether one of them is a sign."""


def cast(x: Any, to: int, saturate: int | None = None, round_mode: str | None = None) -> Any:
    """A tensor, or an array of strings, as elements of another type.

    `saturate` and `round_mode` are those of Cast; None is what older versions of it do.

    Raises:
        CannotTranslate: to strings, while the graph is being exported.
    """
    if to == TensorProto.STRING:
        return strings(x)
    if isinstance(x, np.ndarray):
        x = numbers(x, to)
    if x.dtype.itemsize == 1 and x.dtype.is_floating_point:
        x = x.to(torch.float32)
    if to in NARROW:
        return narrowed(x, *NARROW[to])
    if to in CARRIED:
        return carried(x, to)
    if to in FLOATS_8:
        return float8(x, to, 1 if saturate is None else saturate)
    if to == TensorProto.FLOAT8E8M0:
        return powers(x, 1 if saturate is None else saturate, round_mode or "up")
    return x != 0 if to == TensorProto.BOOL else x.to(TORCH[to])


def narrowed(x: Tensor, bits: int, signed: bool) -> Tensor:  # noqa: FBT001 - a row of NARROW
    """The lowest bits of an integer; a float is cut off towards zero first."""
    kept = x.to(torch.int64) & ((1 << bits) - 1)
    if not signed:
        return kept.to(torch.uint8)
    sign = 1 << (bits - 1)
    return ((kept ^ sign) - sign).to(torch.int8)


def numbers(texts: NDArray[Any], to: int) -> Tensor:
    """What the strings say, in the torch dtype that fits `to`."""
    dtype = TORCH[to]
    if dtype.is_floating_point or to in CARRIED:
        wide = [float(each) for each in texts.reshape(-1)]
        return torch.tensor(wide, dtype=torch.float64).reshape(texts.shape)
    whole = np.array([int(float(each)) for each in texts.reshape(-1)], dtype=np.int64)
    return tensor_of(whole.reshape(texts.shape))


def strings(x: Any) -> NDArray[Any]:
    """Numbers written out as numpy writes them."""
    if isinstance(x, np.ndarray):
        return x
    if torch.compiler.is_exporting():
        raise CannotTranslate(
            "makes strings of numbers, which torch has no type for",
            hint="Leave the strings out of the model.",
        )
    return array_of(x).astype(np.str_).astype(object)
