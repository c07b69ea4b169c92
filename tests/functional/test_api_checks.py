"""Checks through HTTP, of targets that need no GPU."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.functional.test_api_engines import ended, uploaded
from tests.support import files
from tests.support.serving import TENANT


@pytest.fixture
def real(service: Any) -> Iterator[httpx.Client]:
    headers = {TENANT: f"checks-{uuid.uuid4().hex[:8]}"}
    with httpx.Client(base_url=service.url, headers=headers, timeout=90) as client:
        yield client


def trained() -> bytes:
    """y = d(x * x) / dx, by an operator for training, which nobody here has."""
    from onnx import TensorProto, helper

    domain = "ai.onnx.preview.training"
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "x"], ["square"], name="square"),
            helper.make_node(
                "Gradient", ["x"], ["y"], name="odd", domain=domain, xs=["x"], y="square"
            ),
        ],
        "trained",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
    )
    imports = [helper.make_opsetid("", 18), helper.make_opsetid(domain, 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def checked(client: httpx.Client, model: str, target: str) -> dict[str, Any]:
    answer = client.post(f"/v1/models/{model}/check", json={"target": {"format": target}})
    assert answer.status_code == 201, answer.text
    job = ended(client, answer.json()["id"])
    assert job["state"] == "succeeded", job["error"]
    coverage: dict[str, Any] = job["report"]["coverage"]
    return coverage


@pytest.mark.parametrize("target", ["pt2", "savedmodel", "openvino", "ort"])
def test_what_a_target_covers_is_told_before_converting(real: httpx.Client, target: str) -> None:
    fine = checked(real, uploaded(real, files.onnx_model(3.0)), target)
    assert (fine["target"], fine["supported"], fine["gaps"]) == (target, True, [])
    told = checked(real, uploaded(real, trained()), target)
    assert told["supported"] is False
    (gap,) = (each for each in told["gaps"] if each["node"] == "odd")
    assert gap["operator"] == "ai.onnx.preview.training.Gradient"
    assert gap["reason"]
    assert gap["hint"]


def test_an_ordinary_job_is_not_held_up_by_what_only_tells(real: httpx.Client) -> None:
    model = uploaded(real, files.onnx_model(4.0))
    wish = {"model_id": model, "targets": [{"format": "pt2"}]}
    job = ended(real, real.post("/v1/jobs", json=wish).json()["jobs"][0]["id"])
    assert job["state"] == "succeeded", job["error"]
    assert "check" not in {each["kind"] for each in job["steps"]}
