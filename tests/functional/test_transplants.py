"""Transplants through the whole service: weights and a template in, a model that is proven out."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelferry import Modelferry, errors, export
from modelferry.cli.app import run
from modelferry.types import ModelView

ENOUGH = 180.0  # seconds
GIVEN = np.random.default_rng(5).normal(size=(3, 8)).astype("float32")


@pytest.fixture
def ferry(service: Any) -> Iterator[Modelferry]:
    with Modelferry(service.url, tenant=f"transplants-{uuid.uuid4().hex[:8]}") as client:
        yield client


def network(seed: int) -> Any:
    """Two layers of one shape, and one of another."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.x = torch.nn.Linear(8, 8)
            self.y = torch.nn.Linear(8, 8)
            self.out = torch.nn.Linear(8, 3)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            hidden = torch.relu(self.x(given))
            return self.out(torch.tanh(self.y(hidden)))

    torch.manual_seed(seed)
    return Network().eval()


def computed(module: Any) -> Any:
    import torch

    with torch.no_grad():
        return module(torch.from_numpy(GIVEN)).numpy()


def program_at(path: Path) -> Any:
    import torch

    return torch.export.load(path).module()


@pytest.fixture(scope="module")
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    folder = tmp_path_factory.mktemp("template")
    return export.written(network(1), folder, example_inputs=torch.zeros(2, 8))


@pytest.fixture
def template(ferry: Modelferry, template_file: Path) -> ModelView:
    return ferry.upload(template_file)


@pytest.fixture
def weights(ferry: Modelferry, tmp_path: Path) -> ModelView:
    """Of another network than the template's, alone."""
    import torch

    path = tmp_path / "weights.pt"
    torch.save({f"module.{k}": v for k, v in network(2).state_dict().items()}, path)
    return ferry.upload(path)


def test_weights_alone_become_a_model_of_another_framework(
    ferry: Modelferry, template: ModelView, weights: ModelView, tmp_path: Path
) -> None:
    import onnxruntime

    result = ferry.convert(weights, "onnx", template=template, output=tmp_path, timeout=ENOUGH)
    assert result.report.proof == result.job.proof == "weights_compared"
    assert not result.verified
    assert result.report.verification is not None
    verify = result.job.plan["routes"][0]["verify"]
    assert (verify["reference"], verify["after"]) == ("pt2", 0)
    session = onnxruntime.InferenceSession(result.path)
    (name,) = [each.name for each in session.get_inputs()]
    np.testing.assert_allclose(
        session.run(None, {name: GIVEN})[0], computed(network(2)), rtol=1e-4, atol=1e-5
    )
    job = ferry.job(result.job.id)
    assert job.mapping is not None
    assert job.mapping["complete"]
    named = {each["name"]: each["from"] for each in job.mapping["target"]}
    assert named["x.weight"] == ["module.x.weight"]


def test_a_model_of_one_framework_fills_one_of_the_other(
    ferry: Modelferry, tmp_path: Path
) -> None:
    import keras
    import torch

    keras.utils.set_random_seed(3)
    layers = [
        keras.Input((8,)),
        keras.layers.Dense(8, "relu", bias_initializer="normal"),
        keras.layers.Dense(8, "tanh", bias_initializer="normal"),
        keras.layers.Dense(3, bias_initializer="normal"),
    ]
    model = keras.Sequential(layers, name="perceptron")
    result = ferry.convert(
        model,
        "pt2",
        template=network(1),
        example_inputs=torch.zeros(2, 8),
        output=tmp_path / "out.pt2",
        timeout=ENOUGH,
    )
    assert result.verified
    assert result.report.verification is not None
    np.testing.assert_allclose(
        computed(program_at(tmp_path / "out.pt2")), model(GIVEN), rtol=1e-4, atol=1e-5
    )


def checkpoint(folder: Path) -> dict[str, Any]:
    """What is in m.ckpt in the folder now; its names do not tell one layer from another."""
    import tensorflow as tf

    rng = np.random.default_rng(4)
    sizes = {"a": 8, "b": 8, "c": 3}
    held = {f"{name}/kernel": rng.normal(size=(8, size)) for name, size in sizes.items()}
    held |= {f"{name}/bias": rng.normal(size=size) for name, size in sizes.items()}
    held = {name: array.astype("float32") for name, array in held.items()}
    tf.raw_ops.SaveV2(
        prefix=str(folder / "m.ckpt"),
        tensor_names=list(held),
        shape_and_slices=[""] * len(held),
        tensors=list(held.values()),
    )
    return held


def answered(text: str) -> str:
    """The mapping file with what it asks answered: x is a, and y is b."""
    import yaml

    told = yaml.safe_load(text)
    asked = [rule for rule in told["rules"] if "ask" in rule]
    assert asked
    rules = [rule for rule in told["rules"] if "ask" not in rule]
    for source, target in (("a", "x"), ("b", "y")):
        rules += [
            {"source": f"{source}/kernel", "transpose": [1, 0], "target": f"{target}.weight"},
            {"source": f"{source}/bias", "target": f"{target}.bias"},
        ]
    return str(yaml.safe_dump({**told, "rules": rules}, sort_keys=False))


def test_what_is_ambiguous_is_asked_and_answered_in_a_file(
    ferry: Modelferry, template: ModelView, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = checkpoint(tmp_path)
    model = ferry.upload(tmp_path / "m.ckpt")
    assert model.format == "tf-checkpoint"
    job = ferry.submit(model, "pt2", options={"template": template.id})
    with pytest.raises(errors.AmbiguousMapping) as caught:
        job.wait(timeout=ENOUGH)
    assert caught.value.field == "options.mapping"
    assert job.mapping is not None
    assert not job.mapping["complete"]
    assert {name for each in job.mapping["questions"] for name in each["targets"]} == {
        f"{layer}.{leaf}" for layer in "xy" for leaf in ("weight", "bias")
    }
    here = ["--url", ferry.url, "--tenant", job.view.tenant]
    path = tmp_path / "mapping.yaml"
    assert run([*here, "mapping", job.id, "-o", str(path)]) == 0
    path.write_text(answered(path.read_text()))
    line = [*here, "convert", str(tmp_path / "m.ckpt"), "--to", "pt2", "--template", template.id]
    assert run([*line, "--mapping", str(path), "-o", str(tmp_path / "filled.pt2")]) == 0
    assert "Every variable compared, not run" in capsys.readouterr().out
    filled = program_at(tmp_path / "filled.pt2").state_dict()
    for source, target in (("a", "x"), ("b", "y"), ("c", "out")):
        np.testing.assert_array_equal(filled[f"{target}.weight"], held[f"{source}/kernel"].T)
        np.testing.assert_array_equal(filled[f"{target}.bias"], held[f"{source}/bias"])


def refused(ferry: Modelferry, model: ModelView, template: str) -> errors.InvalidOptions:
    with pytest.raises(errors.InvalidOptions) as caught:
        ferry.submit(model, "onnx", options={"template": template})
    assert caught.value.field == "options.template"
    return caught.value


def test_templates_that_are_none(
    service: Any, ferry: Modelferry, weights: ModelView, template: ModelView, tmp_path: Path
) -> None:
    for unknown in (str(uuid.uuid4()), "model.pt2"):
        assert unknown in refused(ferry, weights, unknown).detail
    with Modelferry(service.url, tenant="somebody-else") as other:
        private = other.upload(_onnx(tmp_path))
    theirs = refused(ferry, weights, private.id)
    assert "no such model" in theirs.detail
    mine = ferry.upload(_onnx(tmp_path))
    assert "Formats of a template" in refused(ferry, weights, mine.id).detail
    with pytest.raises(errors.BareStateDict, match="template"):
        ferry.submit(weights, "onnx")
    with pytest.raises(errors.BareStateDict, match="template"):
        ferry.check(weights, "onnx")


def test_a_filled_template_is_what_is_checked(
    ferry: Modelferry, weights: ModelView, template: ModelView
) -> None:
    coverage = ferry.check(weights, "ort", template=template, timeout=ENOUGH)
    assert coverage.supported
    assert coverage.nodes > 0


def _onnx(folder: Path) -> Path:
    from onnx import TensorProto, helper

    told = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "same", told[:1], told[1:])
    path = folder / "same.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
    )
    return path


def test_a_key_is_for_one_template(
    ferry: Modelferry, weights: ModelView, template: ModelView
) -> None:
    first = ferry.submit(weights, "pt2", options={"template": template.id}, key="tuesday")
    again = ferry.submit(weights, "pt2", options={"template": template.id}, key="tuesday")
    assert again.id == first.id
    with pytest.raises(errors.KeyReused):
        ferry.submit(weights, "pt2", options={"template": weights.id}, key="tuesday")
    assert first.wait(timeout=ENOUGH).proof == "weights_compared"
    assert first.view.options == {"template": template.id}
