"""Minifloats: numbers rounded to what a float of 8 or 4 bits can hold, carried in float32.

TensorFlow casts to two of them only, and computes with none. The formats are those of
https://onnx.ai/onnx/technical/float8.html and float4.html.
"""

from dataclasses import dataclass
from typing import Any, Final

MANTISSA: Final = 23
BIAS: Final = 127
"""Of float32."""


@dataclass(frozen=True, slots=True)
class Format:
    """Bits of the mantissa, exponent of the smallest normal number, the largest number, and
    what becomes of larger ones where they are not saturated."""

    bits: int
    lowest: int
    largest: float
    beyond: float
    always: bool = False
    zeros: int = 2  # one where there is no negative zero


FORMATS: Final = {
    "float8_e4m3fn": Format(3, -6, 448.0, float("nan")),
    "float8_e4m3fnuz": Format(3, -7, 240.0, float("nan"), zeros=1),
    "float8_e5m2": Format(2, -14, 57344.0, float("inf")),
    "float8_e5m2fnuz": Format(2, -15, 57344.0, float("nan"), zeros=1),
    "float4_e2m1fn": Format(1, 0, 6.0, 6.0, always=True),
}


def rounded(x: Any, name: str, *, saturate: bool = True, mode: str = "up") -> Any:
    """Floats as that type holds them, in float32.

    Args:
        name: ml_dtypes' name of the type.
        saturate: too large ones become the largest; else NaN or infinity.
        mode: for powers of two (e8m0) alone: "up", "down" or "nearest".
    """
    import tensorflow as tf

    x = tf.cast(x, tf.float32)
    if name == "float8_e8m0fnu":
        return _power_of_two(x, mode, saturate=saturate)
    form = FORMATS[name]
    exponent = tf.maximum(_exponent_bits(x) - BIAS, form.lowest)
    quantum = tf.bitcast(tf.bitwise.left_shift(exponent - form.bits + BIAS, MANTISSA), tf.float32)
    near = tf.round(x / quantum) * quantum
    if form.zeros == 1:
        near = tf.where(tf.equal(near, 0), tf.zeros([]), near)
    if saturate or form.always:
        return tf.where(tf.math.is_nan(x), x, tf.clip_by_value(near, -form.largest, form.largest))
    over = tf.abs(near) > form.largest
    return tf.where(over, tf.sign(x) * form.beyond, near)


def _exponent_bits(x: Any) -> Any:
    import tensorflow as tf

    return tf.bitwise.right_shift(tf.bitcast(tf.abs(x), tf.int32), MANTISSA)


def _power_of_two(x: Any, mode: str, *, saturate: bool) -> Any:
    """Zero is the smallest power that there is; the sign is lost."""
    import tensorflow as tf

    bits = tf.bitcast(tf.abs(x), tf.int32)
    exponent, rest = tf.bitwise.right_shift(bits, MANTISSA), bits & ((1 << MANTISSA) - 1)
    least = {"up": 1, "nearest": 1 << (MANTISSA - 1)}.get(mode, 1 << MANTISSA)
    step = tf.cast((rest >= least) & (exponent > 0), tf.int32)
    raised = exponent + step
    largest = 2 * BIAS
    if saturate:
        raised = tf.minimum(raised, largest)
    # The smallest power is no normal number of float32: its one bit stands in the mantissa.
    found = tf.where(
        raised > 0, tf.bitwise.left_shift(raised, MANTISSA), tf.constant(1 << (MANTISSA - 1))
    )
    whole = tf.bitcast(found, tf.float32)
    lost = tf.math.is_nan(x) | (raised > largest)
    return tf.where(lost, tf.constant(float("nan")), whole)
