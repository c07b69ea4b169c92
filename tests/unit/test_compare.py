"""Comparing two outputs."""

import math

import ml_dtypes
import numpy as np
import pytest

from shared.domain.plans import TOLERANCES, Tolerance, growth
from workers.verification.compare import Tally, compare


def floats(*values, dtype=np.float32):
    return np.array(values, dtype)


def test_equal_arrays_agree():
    found = compare(floats(1, -2), floats(1, -2), TOLERANCES)
    assert (found.why, found.max_abs, found.max_rel) == (None, 0, 0)
    assert found.cosine == pytest.approx(1)


def test_the_last_bit_of_small_values_beside_large_ones_is_forgiven():
    assert compare(floats(1e4, 1e-3), floats(1e4, 1.5e-3), TOLERANCES).why is None


def test_small_values_beside_large_ones_may_not_vanish():
    boxes = floats([640, 480, 0.06, 0.05, 0.01])
    assert "too far" in compare(boxes, floats([640, 480, 0, 0, 0]), TOLERANCES).why


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_the_coarse_last_bits_of_halves_excuse_no_more_than_atol(dtype):
    name = np.dtype(dtype).name
    found = compare(floats(100, 1, dtype=dtype), floats(100, 6, dtype=dtype), TOLERANCES)
    assert found.why, name


def test_strings_are_the_same_as_text_and_as_bytes():
    words, coded = np.array(["é", ""], object), np.array(["é".encode(), b""], object)
    assert compare(words, coded, TOLERANCES).why is None
    assert compare(coded, words, TOLERANCES).why is None
    other = np.array([b"\xff", b""], object)
    assert compare(words, other, TOLERANCES).why == "differs in 1 of 2 values"


def test_a_relative_error_is_not():
    found = compare(floats(1, 100), floats(1, 101), TOLERANCES)
    assert found.why
    assert found.max_rel == pytest.approx(0.01)


def test_noise_around_zero_is_compared_in_absolute_terms():
    assert compare(floats(1e-8, -1e-8), floats(-1e-8, 1e-8), TOLERANCES).why is None
    assert compare(floats(0, 0), floats(1e-8, 0), TOLERANCES).why is None


@pytest.mark.parametrize(
    ("source", "result"), [(0, 9e-5), (5e-6, 0), (9e-6, -9e-6), (1e-6, 2e-6), (-1e-7, 9e-6)]
)
def test_a_quiet_output_is_not_free(source, result):
    assert compare(floats(source, source), floats(result, result), TOLERANCES).why


def test_a_tally_says_that_an_output_was_quiet_in_every_case():
    quiet = Tally("y", "float32", TOLERANCES["float32"])
    quiet = quiet.with_case(compare(floats(1e-6), floats(1e-6), TOLERANCES), "a")
    assert quiet.report()["quiet"]
    loud = quiet.with_case(compare(floats(-1), floats(-1), TOLERANCES), "b")
    assert not loud.report()["quiet"]
    assert loud.report()["largest"] == 1


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


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float64])
def test_another_float_dtype_is_a_disagreement_even_of_equal_values(dtype):
    found = compare(floats(1), floats(1, dtype=dtype), TOLERANCES)
    assert found.why == f"is {np.dtype(dtype).name}, the source is float32"
    assert found.max_abs == 0


@pytest.mark.parametrize(
    ("dtype", "near", "far"),
    [(np.float64, 1 + 1e-6, 1.001), (np.float32, 1.0005, 1.01), (np.float16, 1.01, 1.1)],
)
def test_the_dtype_says_how_far_apart_they_may_be(dtype, near, far):
    one = floats(1, dtype=dtype)
    assert compare(one, floats(near, dtype=dtype), TOLERANCES).why is None
    assert compare(one, floats(far, dtype=dtype), TOLERANCES).why


def test_nothing_is_equal_to_nothing():
    found = compare(floats(), floats(), TOLERANCES)
    assert (found.why, found.elements) == (None, 0)


def test_a_tally_counts_what_it_compared():
    tally = Tally("y", "float32", None)
    for size in (0, 2, 3):
        tally = tally.with_case(compare(np.ones(size), np.ones(size), TOLERANCES), "a")
    assert tally.report()["elements"] == 5


def test_a_tally_keeps_the_worst_and_the_first_fault():
    tally = Tally("y", "float32", None)
    for label, other in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        tally = tally.with_case(compare(floats(1), floats(other), TOLERANCES), label)
    report = tally.report()
    assert report["max_abs"] == 2
    assert report["wrong"].endswith("(b)")


SHARED = {"float32": Tolerance(rtol=0.05, atol=0.01, share=0.1, cosine=0.99)}


def test_a_share_of_the_largest_value_is_forgiven_everywhere():
    assert compare(floats(10, 0, 1), floats(10, 0.9, 0.1), SHARED).why is None
    assert "too far" in compare(floats(10, 0, 1), floats(10, 1.2, 1), SHARED).why


def test_a_share_does_not_let_a_small_output_hide_behind_atol():
    quiet = compare(floats(0.01, 0.01), floats(0.015, 0.012), SHARED)
    assert "its largest value is only" in quiet.why
    assert compare(floats(0.01, 0.01), floats(0.0112, 0.01), SHARED).why is None


def test_what_points_another_way_disagrees_though_every_value_is_near():
    rng = np.random.default_rng(0)
    source = np.append(rng.standard_normal(999) * 0.05, 1.0).astype(np.float32)
    result = source + np.append(np.full(999, 0.09), 0).astype(np.float32)
    found = compare(source, result, SHARED)
    assert "points another way" in found.why
    assert found.cosine < 0.99
    without = {"float32": SHARED["float32"].model_copy(update={"cosine": None})}
    assert compare(source, result, without).why is None


def test_zeros_have_no_direction():
    assert compare(floats(0, 0), floats(0.001, 0), SHARED).why
    assert compare(floats(0, 0), floats(0, 0), SHARED).why is None


def test_the_tolerance_of_a_larger_output_grows_as_its_largest_error_does():
    own = TOLERANCES["float32"]
    assert own.over(1) == own.over(1024) == own
    assert own.over(1 << 20).rtol == pytest.approx(own.rtol * math.sqrt(2))
    rng = np.random.default_rng(0)
    worst = [float(np.abs(rng.standard_normal(n)).max()) for n in (1 << 10, 1 << 20)]
    assert growth(1 << 20) == pytest.approx(worst[1] / worst[0], rel=0.15)


@pytest.mark.parametrize("elements", [10, 1 << 10, 1 << 20])
def test_a_wrong_bias_does_not_pass_at_any_size(elements):
    source = np.random.default_rng(0).standard_normal((elements // 10, 10)).astype(np.float32)
    result = source.copy()
    result[:, 3] += 0.01
    assert compare(source, result, TOLERANCES).why
    assert compare(source, source * np.float32(1 + 1e-6), TOLERANCES).why is None


def test_a_large_output_may_differ_by_more_than_a_small_one():
    off = np.float32(1.0013)
    small, large = np.ones(1 << 10, np.float32), np.ones(1 << 20, np.float32)
    assert compare(small, small * off, TOLERANCES).why
    assert compare(large, large * off, TOLERANCES).why is None


class TestRanking:
    def report(self, source, *results):
        tally = Tally("y", "float32", TOLERANCES["float32"])
        for each in results:
            tally = tally.with_case(compare(source, each, TOLERANCES), "a")
        return tally.report()

    def test_of_rows_that_say_the_same(self):
        logits = np.random.default_rng(0).standard_normal((8, 20)).astype(np.float32)
        told = self.report(logits, logits, logits)
        assert (told["top1"], told["top5"]) == (1, 1)

    def test_of_rows_whose_first_is_another(self):
        logits = np.tile(np.arange(10, dtype=np.float32), (4, 1))
        other = logits.copy()
        other[0, [9, 0]] = other[0, [0, 9]]
        told = self.report(logits, logits, other)
        assert told["top1"] == pytest.approx(7 / 8)
        assert told["top5"] == pytest.approx(39 / 40)

    def test_of_few_columns_there_are_no_five(self):
        told = self.report(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32))
        assert told["top1"] == 1
        assert told["top5"] is None

    def test_columns_that_are_equal_are_as_good_as_each_other(self):
        source = np.ones((2, 8), np.float32)
        other = source + np.linspace(0, 1e-4, 8, dtype=np.float32)
        assert self.report(source, other)["top1"] == 1
        assert self.report(source, other)["top5"] == 1

    @pytest.mark.parametrize("shape", [(4,), (4, 1), (2, 3, 4), (0, 4)])
    def test_of_what_is_no_classifier_there_is_none(self, shape):
        array = np.zeros(shape, np.float32)
        assert "top1" not in self.report(array, array)

    def test_of_integers_there_is_none(self):
        array = np.zeros((4, 4), np.int64)
        assert "top1" not in self.report(array, array)
