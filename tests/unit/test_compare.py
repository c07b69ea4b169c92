"""Comparing two outputs."""

import ml_dtypes
import numpy as np
import pytest

from shared.domain.plans import TOLERANCES
from workers.verification.compare import Tally, compare, tolerance_for


def floats(*values, dtype=np.float32):
    return np.array(values, dtype)


def test_equal_arrays_agree():
    found = compare(floats(1, -2), floats(1, -2), TOLERANCES)
    assert (found.why, found.max_abs, found.max_rel) == (None, 0, 0)
    assert found.cosine == pytest.approx(1)


def test_the_last_bit_of_small_values_beside_large_ones_is_forgiven():
    assert compare(floats(1e4, 1e-3), floats(1e4, 1.5e-3), TOLERANCES).why is None


def test_a_relative_error_is_not():
    found = compare(floats(1, 100), floats(1, 101), TOLERANCES)
    assert found.why
    assert found.max_rel == pytest.approx(0.01)


def test_noise_around_zero_is_compared_in_absolute_terms():
    assert compare(floats(1e-8, -1e-8), floats(-1e-8, 1e-8), TOLERANCES).why is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("sides", [(True, True), (True, False), (False, True)])
def test_what_is_not_finite_never_passes(value, sides):
    arrays = [floats(1, value if bad else 2) for bad in sides]
    assert "not finite" in compare(*arrays, TOLERANCES).why


def test_shapes_and_kinds_must_be_the_same():
    assert "shape" in compare(floats(1), floats(1, 2), TOLERANCES).why
    assert "is int64" in compare(floats(1), np.array([1]), TOLERANCES).why


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
def test_integers_and_booleans_must_be_equal(dtype):
    assert compare(np.array([0, 1], dtype), np.array([0, 1], dtype), TOLERANCES).why is None
    assert compare(np.array([0, 1], dtype), np.array([1, 1], dtype), TOLERANCES).why


def test_the_lower_dtype_says_how_far_apart_they_may_be():
    half, full = floats(1, dtype=np.float16), floats(1)
    assert tolerance_for(full, half, TOLERANCES) == TOLERANCES["float16"]
    assert tolerance_for(full, full.astype(np.float64), TOLERANCES) == TOLERANCES["float32"]
    brain = full.astype(ml_dtypes.bfloat16)
    assert tolerance_for(brain, half, TOLERANCES) == TOLERANCES["bfloat16"]
    assert compare(full, brain, TOLERANCES).why is None
    assert tolerance_for(np.array([1]), np.array([1]), TOLERANCES) is None


def test_nothing_is_equal_to_nothing():
    assert compare(floats(), floats(), TOLERANCES).why is None


def test_a_tally_keeps_the_worst_and_the_first_fault():
    tally = Tally("y", "float32", None)
    for label, other in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        tally = tally.with_case(compare(floats(1), floats(other), TOLERANCES), label)
    report = tally.report()
    assert report["max_abs"] == 2
    assert report["wrong"].endswith("(b)")
