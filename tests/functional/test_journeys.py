"""Whole journeys, through the real service, of models that go by detours or not at all."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelferry import Modelferry, errors, export
from modelferry.types import JobView

ENOUGH = 240.0  # seconds; a bound against hanging, not a measurement


@pytest.fixture
def ferry(service: Any) -> Iterator[Modelferry]:
    with Modelferry(service.url, tenant=f"journey-{uuid.uuid4().hex[:8]}") as client:
        yield client


def program(folder: Path, module: Any, *inputs: Any) -> Path:
    return export.written(module.eval(), folder, example_inputs=inputs)


@pytest.fixture
def linear(ferry: Modelferry, tmp_path: Path) -> Any:
    import torch

    torch.manual_seed(3)
    return ferry.upload(program(tmp_path, torch.nn.Linear(4, 3), torch.zeros(2, 4)))


def failed(ferry: Modelferry, source: Path, **wish: Any) -> JobView:
    job = ferry.submit(ferry.upload(source), to="onnx", **wish)
    with pytest.raises(errors.ModelferryError):
        job.wait(timeout=ENOUGH)
    assert job.view.state == "failed"
    return job.view


def test_an_operator_without_translation_is_named(ferry: Modelferry, tmp_path: Path) -> None:
    import torch

    class Bessel(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.special.bessel_j0(x)

    view = failed(ferry, program(tmp_path, Bessel(), torch.ones(2, 3)))
    assert view.error
    assert (view.error.code, view.error.band) == ("unsupported_operator", "yours")
    assert "bessel_j0" in str(view.error.operator)
    assert view.error.node
    tried = {each.route for each in view.report.rejected}
    assert tried >= {"pt2-to-onnx", "pt2-to-onnx-traced"}, "the second road was tried, too"


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"wrong": np.zeros((2, 4), "float32")}, "wrong"),
        ({"input": np.zeros((2, 4), "int64")}, "int64"),
        ({"input": np.zeros((2, 5), "float32")}, "5"),
    ],
    ids=["name", "dtype", "shape"],
)
def test_samples_that_do_not_fit(
    ferry: Modelferry, linear: Any, arrays: dict[str, Any], told: str
) -> None:
    job = ferry.submit(linear, to="onnx", samples=arrays)
    with pytest.raises(errors.BadSamples) as caught:
        job.wait(timeout=ENOUGH)
    assert told in str(caught.value)
    assert [step.kind for step in job.view.steps] == ["inspect"], "found before any conversion"


def test_both_ways_of_a_scripted_branch_are_kept(ferry: Modelferry, tmp_path: Path) -> None:
    import torch

    class Forked(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if x.sum() > 0 else x - 1

    path = tmp_path / "forked.pt"
    with torch.no_grad():
        scripted = torch.jit.script(Forked())
    scripted.save(path)
    wish = {"inputs": {"x": {"shape": ["batch", 3], "dtype": "float32"}}}
    job = ferry.submit(ferry.upload(path), to="onnx", options=wish)
    view = job.wait(timeout=ENOUGH)
    assert view.report.proof == "verified"


def test_cancelled_while_it_runs(ferry: Modelferry, tmp_path: Path) -> None:
    from bench.resnet18 import write_pt2

    write_pt2(tmp_path / "resnet.pt2", seed=4242)
    job = ferry.submit(ferry.upload(tmp_path / "resnet.pt2"), to="onnx")
    for view in job.watch(timeout=ENOUGH):
        if any(step.kind == "convert" and step.state == "running" for step in view.steps):
            break
    job.cancel()
    with pytest.raises(errors.JobCancelled):
        job.wait(timeout=ENOUGH)
    assert {step.state for step in job.view.steps} <= {"done", "cancelled"}
    with pytest.raises(errors.JobEnded):
        job.cancel()
    again = job.retry()
    assert again.round == 2
    assert job.wait(timeout=ENOUGH).report.proof == "verified"


def test_the_signature_that_was_asked_for_is_the_one_that_is_verified(
    ferry: Modelferry, tmp_path: Path
) -> None:
    import tensorflow as tf

    class Two(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def double(self, x: Any) -> Any:
            return {"y": 2.0 * x}

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        def negate(self, x: Any) -> Any:
            return {"y": -x}

    two = Two()
    tf.saved_model.save(
        two, tmp_path / "two", {"serving_default": two.double, "negate": two.negate}
    )
    result = ferry.convert(
        tmp_path / "two", to="onnx", options={"signature": "negate"}, output=tmp_path / "n.onnx"
    )
    assert result.verified
    assert result.report.route == "savedmodel-to-onnx"
    session = onnxruntime_session(tmp_path / "n.onnx")
    given = np.ones((2, 3), "float32")
    assert np.array_equal(session.run(None, {"x": given})[0], -given)


def onnxruntime_session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(path)
