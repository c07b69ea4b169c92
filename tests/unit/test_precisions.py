"""Precisions: what is asked for, and what counts as agreement then."""

import pytest

from shared.domain.plans import TOLERANCES
from shared.domain.precisions import CAPABILITY, Precision, asked, tolerances


@pytest.mark.parametrize(
    ("options", "precision"),
    [
        ({}, Precision.FP32),
        ({"precision": "fp32"}, Precision.FP32),
        ({"precision": "fp16", "tf32": True}, Precision.FP16),
        ({"precision": "int8"}, Precision.INT8),
        ({"tf32": True}, Precision.TF32),
        ({"tf32": 1}, Precision.FP32),
        ({"precision": "fp4"}, Precision.FP32),
    ],
)
def test_options_ask_for_a_precision(options, precision):
    assert asked(options) is precision


def test_float32_changes_nothing():
    assert tolerances(Precision.FP32) == TOLERANCES


@pytest.mark.parametrize("precision", [each for each in Precision if each is not Precision.FP32])
def test_a_lower_precision_forgives_no_less_and_insists_on_the_direction(precision):
    for name, each in tolerances(precision).items():
        assert each.rtol >= TOLERANCES[name].rtol
        assert each.atol >= TOLERANCES[name].atol
        assert each.share > 0
        assert each.cosine is not None
    assert precision in CAPABILITY


def test_coarser_precisions_forgive_more():
    order = Precision.TF32, Precision.FP16, Precision.BF16, Precision.INT8
    found = [tolerances(each)["float32"] for each in order]
    assert [each.share for each in found] == sorted(each.share for each in found)
    assert [each.cosine for each in found] == sorted((e.cosine for e in found), reverse=True)
