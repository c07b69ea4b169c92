"""Plans of TensorFlow Lite models: samples by the value of an option, and what stays unproved."""

import pytest

from shared.domain.errors import SamplesRequired
from shared.domain.precisions import Precision, asked, lower
from tests.support.plans import cpu, names, planned, runtimes
from tests.support.queue import edge

QUANTIZATION = {"quantization": {"enum": ["none", "fp16", "int8"], "default": "none"}}
SAVE = edge("keras-to-savedmodel", "keras", "savedmodel", properties={})
COMPILE = edge(
    "savedmodel-to-tflite",
    "savedmodel",
    "tflite",
    properties=QUANTIZATION | {"select_tf": {"type": "boolean", "default": False}},
    samples_for={"quantization": "int8"},
)
FLEET = cpu(SAVE, COMPILE, runtimes=runtimes("keras", "savedmodel", "tflite"))


def test_samples_are_wanted_for_one_value_alone() -> None:
    for quantization in ("none", "fp16"):
        made = planned({"quantization": quantization}, FLEET, target="tflite")
        assert [each.samples for each in made.routes[0].converts] == [False, False]
    with pytest.raises(SamplesRequired, match="savedmodel-to-tflite"):
        planned({"quantization": "int8"}, FLEET, target="tflite")


def test_samples_go_to_the_step_that_wants_them() -> None:
    made = planned({"quantization": "int8"}, FLEET, target="tflite", samples=True)
    assert [each.samples for each in made.routes[0].converts] == [False, True]


def test_the_verification_knows_the_quantization() -> None:
    (route,) = planned({"quantization": "fp16"}, FLEET, target="tflite").routes
    assert route.verify is not None
    assert asked(route.verify.options) is Precision.FP16


def test_a_route_that_cannot_quantize_is_declined() -> None:
    plain = edge(
        "keras-to-tflite",
        "keras",
        "tflite",
        properties={"quantization": {"enum": ["none"], "default": "none"}},
    )
    fleet = cpu(SAVE, COMPILE, plain, runtimes=runtimes("keras", "savedmodel", "tflite"))
    made = planned({"quantization": "fp16"}, fleet, target="tflite")
    assert names(made) == ["keras-to-savedmodel → savedmodel-to-tflite"]
    assert [each.converter for each in made.declined] == ["keras-to-tflite"]


def test_borrowed_operators_cannot_be_run_here() -> None:
    (route,) = planned({"select_tf": True}, FLEET, target="tflite").routes
    assert "Select-TF" in (route.unverified or "")
    assert route.verify is not None
    assert (route.verify.candidate, route.verify.before) == ("savedmodel", 1)


@pytest.mark.parametrize(
    ("options", "precision"),
    [
        ({"quantization": "none"}, Precision.FP32),
        ({"quantization": "fp16"}, Precision.FP16),
        ({"quantization": "dynamic"}, Precision.INT8),
        ({"quantization": "int8", "precision": "fp16"}, Precision.INT8),
        ({"quantization": "fp16", "precision": "bf16"}, Precision.BF16),
        ({"quantization": "none", "tf32": True}, Precision.TF32),
        ({"quantization": 8}, Precision.FP32),
    ],
)
def test_what_loses_most_counts(options: dict[str, object], precision: Precision) -> None:
    assert asked(options) is precision


def test_lower_is_what_loses_more() -> None:
    assert lower(Precision.FP16, Precision.INT8) is Precision.INT8
    assert lower(Precision.FP16, Precision.FP32) is Precision.FP16
