"""Precisions: how a model computes inside, whatever its inputs and outputs are."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from shared.domain.plans import TOLERANCES, Tolerance


class Precision(StrEnum):
    """What the result was asked to compute in."""

    FP32 = "fp32"
    TF32 = "tf32"  # float32 whose products are rounded to 10 bits; never asked for by name
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


CAPABILITY: Final[Mapping[Precision, str]] = {
    Precision.TF32: "8.0",
    Precision.FP16: "5.3",
    Precision.BF16: "8.0",
    Precision.INT8: "6.1",
}
"""The first compute capability that computes in it. NVIDIA, "TensorRT support matrix"."""

_OF_FLOATS: Final[Mapping[Precision, Tolerance]] = {
    Precision.TF32: Tolerance(rtol=5e-3, atol=1e-3, share=5e-3, cosine=0.9999),
    Precision.FP16: Tolerance(rtol=1e-2, atol=1e-3, share=1e-2, cosine=0.9999),
    Precision.BF16: Tolerance(rtol=5e-2, atol=4e-3, share=5e-2, cosine=0.998),
    Precision.INT8: Tolerance(rtol=5e-2, atol=1e-2, share=1e-1, cosine=0.99),
}
"""The worst of the six models of tests/converters/test_precision_tolerances.py is off by 0.24 %
of its largest value in fp16, 1.6 % in bf16 and 5.6 % in int8 by min-max; 1 - cosine is 2e-6,
8e-5 and 5e-4. Rtol and share together are 8, 6 and 2.7 times that, for deeper models, and
1 - cosine 20 times or more. A weight that is zero, doubled or transposed is still caught."""


QUANTIZED: Final[Mapping[str, Precision]] = {
    "fp16": Precision.FP16,
    "dynamic": Precision.INT8,
    "int8": Precision.INT8,
}
"""What a file is as good as whose numbers are kept in less."""


def asked(options: Mapping[str, Any]) -> Precision:
    """The lowest precision that a target's options ask for; fp32 where they say nothing known."""
    known = {each.value: each for each in Precision}
    computed = known.get(str(options.get("precision")), Precision.FP32)
    kept = QUANTIZED.get(str(options.get("quantization")), Precision.FP32)
    found = lower(computed, kept)
    if found is Precision.FP32 and options.get("tf32") is True:
        return Precision.TF32
    return found


def lower(one: Precision, other: Precision) -> Precision:
    """The one that loses more."""
    return max(one, other, key=[*Precision].index)


def tolerances(precision: Precision) -> dict[str, Tolerance]:
    """What counts as agreement with a float32 source, by the source's dtype."""
    wide = _OF_FLOATS.get(precision)
    if wide is None:
        return dict(TOLERANCES)
    return {
        name: Tolerance(
            rtol=max(wide.rtol, own.rtol),
            atol=max(wide.atol, own.atol),
            share=wide.share,
            cosine=wide.cosine,
        )
        for name, own in TOLERANCES.items()
    }
