"""Engines through HTTP: checked, built for real without a GPU, compared, asked about."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.functional.test_api_problems import held
from tests.functional.test_api_uploads import send
from tests.support import files
from tests.support.serving import TENANT

ENOUGH = 240.0  # seconds
ADA = {
    "name": "NVIDIA GeForce RTX 4090",
    "memory": 24 << 30,
    "driver": "580.95.05",
}


@pytest.fixture
def real(service: Any) -> Iterator[httpx.Client]:
    """A client of the whole service, whose one worker has a CPU only."""
    headers = {TENANT: f"engines-{uuid.uuid4().hex[:8]}"}
    with httpx.Client(base_url=service.url, headers=headers, timeout=90) as client:
        yield client


def determinant() -> bytes:
    """y = det(x * 2): TensorRT has no determinant."""
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "two"], ["twice"], name="double"),
            helper.make_node("Det", ["twice"], ["y"], name="volume"),
        ],
        "volumes",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch"])],
        [helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def layer() -> bytes:
    """y = x @ w, with x of shape (batch, 8): something to quantise."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(8, 4)).astype("float32")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="layer")],
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    data: bytes = model.SerializeToString()
    return data


def uploaded(client: httpx.Client, content: bytes) -> str:
    answer = send(client, content, "digits.onnx")
    assert answer.status_code in {200, 201}, answer.text
    found: str = answer.json()["id"]
    return found


def asked(
    client: httpx.Client, model: str, *targets: dict[str, Any], **more: Any
) -> httpx.Response:
    return client.post("/v1/jobs", json={"model_id": model, "targets": list(targets), **more})


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    until = time.monotonic() + ENOUGH
    view: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
    while view["state"] not in {"succeeded", "failed", "cancelled"}:
        assert time.monotonic() < until, json.dumps(view, indent=1)
        query = {"wait": 20, "after": view["last_event"]}
        view = client.get(f"/v1/jobs/{job}", params=query).json()
    return view


def checked(client: httpx.Client, model: str, **target: Any) -> dict[str, Any]:
    wish = {"format": "tensorrt-rtx", **target}
    answer = client.post(f"/v1/models/{model}/check", json={"target": wish})
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert job["purpose"] == "check"
    return ended(client, job["id"])


def test_a_model_that_is_covered_is_said_to_be(real: httpx.Client) -> None:
    job = checked(real, uploaded(real, files.onnx_model(3.0)))
    assert job["state"] == "succeeded"
    assert job["output"] is None
    coverage = job["report"]["coverage"]
    assert coverage["supported"] is True
    assert coverage["gaps"] == []
    assert "RTX" in coverage["by"]


def test_a_node_that_is_not_covered_is_named_and_stops_the_build(real: httpx.Client) -> None:
    model = uploaded(real, determinant())
    job = checked(real, model)
    assert job["state"] == "succeeded"
    gap = job["report"]["coverage"]["gaps"][0]
    assert (gap["node"], gap["operator"]) == ("volume", "Det")
    assert gap["hint"]
    built = ended(real, asked(real, model, {"format": "tensorrt-rtx"}).json()["jobs"][0]["id"])
    assert built["state"] == "failed"
    error = built["error"]
    assert error["code"] == "unsupported_operator"
    assert (error["node"], error["operator"]) == ("volume", "Det")
    assert built["report"]["coverage"]["supported"] is False


def test_coverage_for_a_gpu_is_told_without_any(real: httpx.Client) -> None:
    gap = checked(real, uploaded(real, determinant()), format="tensorrt")["report"]["coverage"]
    assert gap["target"] == "tensorrt"
    assert [each["node"] for each in gap["gaps"]] == ["volume"]
    fine = checked(real, uploaded(real, layer()), format="tensorrt")["report"]["coverage"]
    assert fine["supported"] is True


def test_an_engine_is_built_and_asked_about(real: httpx.Client) -> None:
    model = uploaded(real, files.onnx_model(5.0))
    job = ended(real, asked(real, model, {"format": "tensorrt-rtx"}).json()["jobs"][0]["id"])
    assert job["state"] == "succeeded", job["error"]
    report = job["report"]
    assert report["proof"] == "converted_not_verified"
    assert "GPU" in report["unverified"]
    manifest = report["engine"]["manifest"]
    assert manifest["format"] == "tensorrt-rtx"
    assert manifest["gpu"] is None
    assert report["engine"]["model"] == real.get(f"/v1/models/{model}").json()["digest"]
    assert report["build"]["seconds"] > 0
    stored = real.get(job["output"]["url"], follow_redirects=True).content
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        assert json.loads(archive.read("manifest.json"))["digest"] == manifest["digest"]
        assert len(archive.read("model.engine")) == manifest["size"]

    def runs(**more: Any) -> dict[str, Any]:
        place = {"gpu": ADA, "library": manifest["library"], "cuda": "13.0", **more}
        answer = real.post("/v1/engines/compatibility", json={"manifest": manifest, **place})
        assert answer.status_code == 200, answer.text
        by_job = real.post("/v1/engines/compatibility", json={"job_id": job["id"], **place})
        assert by_job.json() == answer.json()
        found: dict[str, Any] = answer.json()
        return found

    assert runs() == {"runs": True, "reasons": [], "unknown": []}
    turing = runs(gpu=ADA | {"name": "NVIDIA GeForce RTX 2080 Ti"})
    assert turing["runs"] is False
    assert [each["code"] for each in turing["reasons"]] == ["compute_capability"]
    assert [each["code"] for each in runs(library="1.0.0")["reasons"]] == ["library_version"]
    bare = runs(gpu={"name": "Unheard of"}, library=None, cuda=None)
    assert bare["runs"] is None
    assert {each["code"] for each in bare["unknown"]} == {
        "compute_capability",
        "library",
        "driver",
        "memory",
    }


def test_the_jobs_of_a_matrix_are_compared(real: httpx.Client) -> None:
    model = uploaded(real, files.onnx_model(7.0))
    wish = {"format": "tensorrt-rtx", "matrix": {"precision": ["fp32", "fp16"]}}
    answer = asked(real, model, wish)
    assert answer.status_code == 201, answer.text
    jobs = answer.json()["jobs"]
    assert [job["options"] for job in jobs] == [{"precision": "fp32"}, {"precision": "fp16"}]
    assert len({job["request"] for job in jobs}) == 1
    for job in jobs:
        assert ended(real, job["id"])["state"] == "succeeded"
    found = real.get(f"/v1/requests/{jobs[0]['request']}").json()
    assert found["varied"] == ["precision"]
    assert [row["job"] for row in found["jobs"]] == [job["id"] for job in jobs]
    assert [row["precision"] for row in found["jobs"]] == ["fp32", "fp16"]
    assert all(row["size"] > 0 and row["build_seconds"] > 0 for row in found["jobs"])


def test_eight_bits_want_samples(real: httpx.Client) -> None:
    model = uploaded(real, layer())
    wish = {"format": "tensorrt-rtx", "options": {"precision": "int8"}}
    assert "samples" in held(asked(real, model, wish), 422, "samples_required")
    both = {"format": "tensorrt-rtx", "matrix": {"precision": ["fp16", "int8"]}}
    assert "int8" in held(asked(real, model, both), 422, "samples_required")
    assert real.get("/v1/jobs").json()["items"] == []
    archive = io.BytesIO()
    np.savez(archive, x=np.random.default_rng(0).normal(size=(64, 8)).astype("float32"))
    samples = send_samples(real, archive.getvalue())
    job = asked(real, model, wish, samples=samples).json()["jobs"][0]["id"]
    view = ended(real, job)
    assert view["state"] == "succeeded", view["error"]


def send_samples(client: httpx.Client, content: bytes) -> str:
    headers = {"Content-Type": "application/octet-stream"}
    answer = client.post("/v1/samples", content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def test_the_library_is_announced(real: httpx.Client) -> None:
    worker = next(each for each in real.get("/v1/workers").json()["items"] if each["online"])
    offer = worker["offer"]
    assert offer["gpus"] == []
    assert {each["target"] for each in offer["checkers"]} >= {"tensorrt-rtx"}
    tools = {k: v for each in offer["converters"] for k, v in each["toolchain"].items()}
    assert tools["tensorrt-rtx"]
    formats = {each["name"]: each for each in real.get("/v1/formats").json()["items"]}
    assert formats["tensorrt"]["portable"] is False
    assert formats["tensorrt-rtx"]["portable"] is True
    assert formats["triton"]["layout"] == "tree"
