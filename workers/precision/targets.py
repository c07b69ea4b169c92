"""Half: what a 16-bit float can hold, and how finely."""

from dataclasses import dataclass
from typing import Any, Final

from shared.domain.precisions import Precision


@dataclass(frozen=True, slots=True)
class Half:
    """A 16-bit float type.

    `kind` is TensorProto's number and `onnx` ONNX's name of it. `most` is the largest finite
    value, `least` the smallest one held in full precision, `rounding` half the distance from 1
    to the next. `opset` is the first in which most operators have a form of it. `refused` are
    operators that TensorRT does not take in it, though it takes them in float32.
    """

    precision: Precision
    title: str
    kind: int
    onnx: str
    most: float
    least: float
    rounding: float
    opset: int
    refused: frozenset[str]

    @property
    def suffix(self) -> str:
        return f"/{self.precision}"

    def holds(self, size: float) -> bool:
        """Whether a tensor with this largest magnitude keeps its precision."""
        return size == 0 or self.least <= size <= self.most

    def array(self, weight: Any) -> Any:
        """A float32 array, rounded to this type."""
        import ml_dtypes
        import numpy as np

        dtype = np.float16 if self.precision is Precision.FP16 else ml_dtypes.bfloat16
        return weight.astype(dtype)


FP16: Final = Half(
    Precision.FP16,
    "float16",
    10,
    "tensor(float16)",
    65504.0,
    2.0**-14,
    2.0**-11,
    13,
    frozenset({"Celu", "MeanVarianceNormalization"}),
)
BF16: Final = Half(
    Precision.BF16,
    "bfloat16",
    16,
    "tensor(bfloat16)",
    (2 - 2.0**-7) * 2.0**127,
    2.0**-126,
    2.0**-8,
    22,
    FP16.refused
    | {"ConvTranspose", "GRU", "GlobalLpPool", "HardSwish", "LpNormalization", "LpPool"}
    | {"Mish", "Shrink"},
)
"""IEEE 754-2019 binary16, and Google's bfloat16: the upper half of a float32. What is refused was
asked of TensorRT-RTX 1.7.1, a graph for each operator."""
