"""The SDK against the whole service: live models in, results out that compute the same."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelferry import Modelferry, errors, export
from modelferry.types import ModelView, Target

ENOUGH = 180.0  # seconds


@pytest.fixture
def ferry(service: Any) -> Iterator[Modelferry]:
    with Modelferry(service.url, tenant=f"sdk-{uuid.uuid4().hex[:8]}") as client:
        yield client


@pytest.fixture(scope="module")
def perceptron() -> Any:
    import keras

    keras.utils.set_random_seed(7)
    layers = [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)]
    return keras.Sequential(layers, name="perceptron")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("program")
    return export.written(torch.nn.Linear(4, 3), folder, example_inputs=torch.zeros(1, 4))


@pytest.fixture
def model(ferry: Modelferry, program: Path) -> ModelView:
    return ferry.upload(program)


def run_onnx(path: Path, given: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: given})[0]


def test_a_keras_model_in_memory(ferry: Modelferry, perceptron: Any, tmp_path: Path) -> None:
    transfers: set[str] = set()
    states: list[str] = []
    result = ferry.convert(
        perceptron,
        to="onnx",
        options={"opset": 17},
        output=tmp_path,
        timeout=ENOUGH,
        progress=lambda what, *_: transfers.add(what),
        on_change=lambda job: states.append(job.state),
    )
    assert result.verified
    assert result.report.route
    assert transfers == {"hashing", "uploading", "downloading"}
    assert states[-1] == "succeeded"
    given = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_allclose(run_onnx(result.path, given), perceptron(given), atol=1e-5)


def test_a_module_in_memory_keeps_its_batch_free(ferry: Modelferry, tmp_path: Path) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.GELU(), torch.nn.Linear(8, 3))
    result = ferry.convert(
        module,
        to="onnx",
        example_inputs=torch.zeros(1, 4),
        output=tmp_path / "module.onnx",
        timeout=ENOUGH,
    )
    assert result.verified
    for batch in (1, 6):
        given = torch.randn(batch, 4)
        expected = module(given).detach().numpy()
        np.testing.assert_allclose(run_onnx(result.path, given.numpy()), expected, atol=1e-5)


def test_a_saved_models_folder(ferry: Modelferry, perceptron: Any, tmp_path: Path) -> None:
    perceptron.export(tmp_path / "saved")
    result = ferry.convert(tmp_path / "saved", to="onnx", output=tmp_path, timeout=ENOUGH)
    assert result.verified
    given = np.ones((2, 4), "float32")
    np.testing.assert_allclose(run_onnx(result.path, given), perceptron(given), atol=1e-5)


def test_the_same_bytes_are_the_same_model(ferry: Modelferry, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_identity())
    first = ferry.upload(path)
    assert ferry.upload(path).id == first.id
    assert [each.id for each in ferry.models()] == [first.id]
    assert ferry.model(first.id).format == "onnx"


def test_a_job_tells_its_whole_story(ferry: Modelferry, model: ModelView) -> None:
    job = ferry.submit(model, "onnx")
    seen = [event.seq for event in job.events()]
    assert seen == list(range(1, len(seen) + 1))
    view = job.wait(timeout=ENOUGH)
    assert view.last_event == seen[-1]
    assert [event.seq for event in job.events(after=2)] == seen[2:]
    assert {step.state for step in view.steps} == {"done"}
    assert all(line.text is not None for line in job.logs())
    with pytest.raises(errors.JobEnded):
        job.cancel()
    with pytest.raises(errors.Conflict):
        job.retry()


def test_one_model_to_several_targets(ferry: Modelferry, model: ModelView) -> None:
    wanted = [Target("onnx", {"opset": 18}), Target("onnx", {"opset": 19})]
    jobs = ferry.submit(model, wanted)
    assert [job.view.options["opset"] for job in jobs] == [18, 19]
    for job in jobs:
        job.wait(timeout=ENOUGH)
    assert {each.id for each in ferry.jobs(target="onnx")} == {job.id for job in jobs}


def test_a_key_gives_the_same_job_and_no_other(ferry: Modelferry, model: ModelView) -> None:
    job = ferry.submit(model, "onnx", key="monday")
    assert ferry.submit(model, "onnx", key="monday").id == job.id
    with pytest.raises(errors.KeyReused):
        ferry.submit(model, "onnx", options={"opset": 17}, key="monday")
    job.wait(timeout=ENOUGH)


def test_a_users_own_samples_are_what_is_verified_on(ferry: Modelferry, model: ModelView) -> None:
    job = ferry.submit(model, "onnx", samples={"input": np.ones((3, 4), "float32")})
    report = job.wait(timeout=ENOUGH).report.verification
    assert report is not None
    assert report["inputs"] == "samples"


def test_samples_that_do_not_fit_are_the_users_fault(ferry: Modelferry, model: ModelView) -> None:
    with pytest.raises(errors.BadSamples):
        ferry.submit(model, "onnx", samples={"nobody": np.ones((3, 4), "float32")}).wait(
            timeout=ENOUGH
        )


def test_wrong_wishes_are_named(ferry: Modelferry, model: ModelView) -> None:
    with pytest.raises(errors.UnknownTarget, match="onnx"):
        ferry.submit(model, "onyx")
    with pytest.raises(errors.InvalidOptions) as caught:
        ferry.submit(model, "onnx", options={"opset": 4000})
    assert caught.value.field
    assert "opset" in caught.value.field
    with pytest.raises(errors.NotFound):
        ferry.job(str(uuid.uuid4()))


def test_a_file_of_no_format_is_refused(ferry: Modelferry, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_text("not a model")
    with pytest.raises(errors.BadUpload):
        ferry.upload(path)
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(errors.EmptyFile):
        ferry.upload(tmp_path / "empty.onnx")


def test_the_graph_is_shown(ferry: Modelferry) -> None:
    assert "onnx" in {each.name for each in ferry.formats()}
    assert any(each.online for each in ferry.routes(source="keras", target="onnx"))
    assert any("opset" in each.options["properties"] for each in ferry.converters())
    assert any(each.online for each in ferry.workers())


def test_another_tenant_sees_nothing(service: Any, ferry: Modelferry, model: ModelView) -> None:
    with Modelferry(service.url, tenant="stranger") as stranger:
        with pytest.raises(errors.NotFound):
            stranger.model(model.id)
        assert model.id not in {each.id for each in stranger.models()}


def onnx_identity() -> bytes:
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "identity", ends[:1], ends[1:]
    )
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()
    )


def test_an_engine_from_a_live_model(ferry: Modelferry, tmp_path: Path) -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    model = ferry.upload(module, example_inputs=torch.zeros(1, 4))
    assert ferry.check(model, "tensorrt-rtx", timeout=ENOUGH).supported
    jobs = ferry.submit(model, "tensorrt-rtx", matrix={"precision": ["fp32", "fp16"]})
    for job in jobs:
        job.wait(timeout=ENOUGH)
    found = ferry.compare(jobs[0])
    assert [row.precision for row in found.jobs] == ["fp32", "fp16"]
    job = jobs[1]
    engine = job.report.engine
    assert engine is not None
    assert engine.manifest.profiles
    path = job.download(tmp_path)
    assert path == tmp_path / "Sequential.engine"
    for each in (job, job.id, path, engine):
        place = ferry.compatibility(each, gpu="Tesla T4", library=engine.manifest.library)
        assert place.runs is False
        assert [reason.code for reason in place.reasons] == ["compute_capability"]
