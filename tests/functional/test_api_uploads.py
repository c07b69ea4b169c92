"""Models come in: in parts, in one piece, whole or not at all."""

import base64
import hashlib
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.functional.test_api_problems import held
from tests.support import files
from tests.support.serving import TENANT, Served


def content_digest(data: bytes) -> dict[str, str]:
    encoded = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {"Content-Digest": f"sha-256=:{encoded}:"}


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def send(client: httpx.Client, data: bytes, name: str = "model", **query: str) -> httpx.Response:
    return client.post("/v1/models", params={"name": name, **query}, content=data)


def opened(client: httpx.Client, data: bytes, name: str = "m.onnx", **more: object) -> dict:
    answer = client.post("/v1/uploads", json={"name": name, "size": len(data), **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/uploads/{answer.json()['id']}"
    return answer.json()


def kept(api: Served) -> set[str]:
    """Every file that the store holds."""
    root = Path(api.settings.store_url.removeprefix("file://"))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def large(seed: int, parts: float = 2.5) -> bytes:
    """An ONNX model that fills some parts of 64 KiB."""
    from onnx import ModelProto, helper

    model = ModelProto.FromString(files.onnx_model(seed))
    filling = hashlib.shake_128(str(seed).encode()).hexdigest(int(parts * (1 << 15)))
    helper.set_model_props(model, {"filling": filling})
    data: bytes = model.SerializeToString()
    return data


def test_a_model_in_parts_in_any_order(client: httpx.Client) -> None:
    data = large(1)
    upload = opened(client, data, digest=digest(data))
    address, size = f"/v1/uploads/{upload['id']}", upload["part_size"]
    for number in (3, 1, 2):
        part = data[(number - 1) * size : number * size]
        answer = client.put(
            f"{address}/parts/{number}", content=part, headers=content_digest(part)
        )
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"number": number, "size": len(part), "digest": digest(part)}
    assert [part["number"] for part in client.get(address).json()["parts"]] == [1, 2, 3]
    answer = client.post(f"{address}/complete")
    assert answer.status_code == 201, answer.text
    model = answer.json()
    assert model["digest"] == digest(data)
    assert model["size"] == len(data)
    assert model["format"] == "onnx"
    assert answer.headers["location"] == f"/v1/models/{model['id']}"
    assert client.get(address).json()["state"] == "completed"
    held(client.put(f"{address}/parts/1", content=data[:size]), 409, "upload_closed")


def test_an_upload_is_resumed(client: httpx.Client) -> None:
    data = large(2)
    upload = opened(client, data)
    address, size = f"/v1/uploads/{upload['id']}", upload["part_size"]
    client.put(f"{address}/parts/1", content=data[:size])
    sentence = held(client.post(f"{address}/complete"), 409, "part_missing")
    assert "2" in sentence
    missing = {1, 2, 3} - {part["number"] for part in client.get(address).json()["parts"]}
    for number in missing:
        client.put(f"{address}/parts/{number}", content=data[(number - 1) * size : number * size])
    assert client.post(f"{address}/complete").status_code == 201


def test_a_part_with_a_wrong_hash_is_refused(client: httpx.Client) -> None:
    data = files.onnx_model(3)
    address = f"/v1/uploads/{opened(client, data)['id']}"
    answer = client.put(f"{address}/parts/1", content=data, headers=content_digest(b"other"))
    held(answer, 422, "digest_mismatch")
    assert client.get(address).json()["parts"] == []
    held(client.post(f"{address}/complete"), 409, "part_missing")


def test_a_whole_with_a_wrong_hash_is_refused(client: httpx.Client) -> None:
    data = files.onnx_model(4)
    address = f"/v1/uploads/{opened(client, data, digest=digest(b'other'))['id']}"
    client.put(f"{address}/parts/1", content=data)
    held(client.post(f"{address}/complete"), 422, "digest_mismatch")


def test_an_upload_is_given_up(client: httpx.Client, api: Served) -> None:
    before = kept(api)
    data = large(5)
    upload = opened(client, data)
    address = f"/v1/uploads/{upload['id']}"
    client.put(f"{address}/parts/1", content=data[: upload["part_size"]])
    assert client.delete(address).status_code == 204
    assert kept(api) == before
    held(
        client.put(f"{address}/parts/1", content=data[: upload["part_size"]]), 409, "upload_closed"
    )


def test_a_model_in_one_request(client: httpx.Client) -> None:
    data = files.onnx_model(6)
    first = client.post("/v1/models?name=m.onnx", content=data, headers=content_digest(data))
    assert first.status_code == 201, first.text
    again = send(client, data, "other.onnx")
    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    assert client.get(first.headers["location"]).json() == first.json()
    assert [each["id"] for each in client.get("/v1/models").json()["items"]] == [
        first.json()["id"]
    ]


def test_a_model_whose_length_is_not_said(client: httpx.Client) -> None:
    data = large(7)
    pieces = (data[start : start + 5000] for start in range(0, len(data), 5000))
    answer = client.post("/v1/models?name=m.onnx", content=pieces)
    assert answer.status_code == 201, answer.text
    assert answer.json()["digest"] == digest(data)


def test_models_are_listed_in_pages(client: httpx.Client) -> None:
    ids = [send(client, files.onnx_model(10 + each)).json()["id"] for each in range(3)]
    first = client.get("/v1/models", params={"limit": 2}).json()
    rest = client.get("/v1/models", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next_cursor"] is None


def test_a_body_over_the_limit_is_refused(client: httpx.Client, api: Served) -> None:
    before = kept(api)
    data = b"\0" * (api.settings.max_upload + 1)
    held(send(client, data), 413, "too_large")
    pieces = (data[start : start + (1 << 16)] for start in range(0, len(data), 1 << 16))
    held(client.post("/v1/models?name=m", content=pieces), 413, "too_large")
    announced = client.post("/v1/uploads", json={"name": "m", "size": len(data)})
    held(announced, 413, "too_large")
    upload = opened(client, data[: 1 << 17])
    part = client.put(f"/v1/uploads/{upload['id']}/parts/1", content=data[: 1 << 17])
    held(part, 413, "too_large")
    client.delete(f"/v1/uploads/{upload['id']}")
    assert kept(api) == before


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 3000000", b"a" * 1_500_000),
        ("Transfer-Encoding: chunked", b"100000\r\n" + b"a" * 500_000),
    ],
)
def test_a_client_that_leaves_midway_leaves_nothing(
    client: httpx.Client, api: Served, tenant: str, framing: str, body: bytes
) -> None:
    before = kept(api)
    where = urlsplit(api.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as line:
        head = ("POST /v1/models?name=gone HTTP/1.1", "Host: x", f"{TENANT}: {tenant}", framing)
        line.sendall("\r\n".join([*head, "", ""]).encode() + body)
        time.sleep(0.3)
    until = time.monotonic() + 10
    while kept(api) != before and time.monotonic() < until:
        time.sleep(0.05)
    assert kept(api) == before
    assert client.get("/v1/models").json()["items"] == []


class Code:
    """A thing that a pickle would have to import."""


def test_bad_files_are_refused_with_help(client: httpx.Client, tmp_path: Path) -> None:
    import torch

    keras = files.keras_model()
    trap = tmp_path / "sprung"
    cases = {
        ("empty", b""): "empty_file",
        ("cut.keras", keras[: len(keras) // 2]): "truncated_file",
        ("cut.onnx", files.onnx_model()[:-20]): "truncated_file",
        ("cut.pt2", files.torch_file({"a": torch.zeros(4000)})[:9000]): "truncated_file",
        ("up.zip", files.zipped({"../saved_model.pb": b"\x08\x01"})): "unsafe_archive",
        ("away.zip", files.zipped({"/etc/saved_model.pb": b"\x08\x01"})): "unsafe_archive",
        ("link.zip", files.linked()): "unsafe_archive",
        ("bomb.zip", files.bomb()): "unsafe_archive",
        ("module.pt", files.torch_file(torch.nn.Linear(2, 2))): "pickled_module",
        ("trap.pt", files.trapped(str(trap))): "pickled_module",
        ("notes.txt", b"These are not weights.\n" * 10): "unknown_format",
    }
    for (name, data), code in cases.items():
        answer = send(client, data, name)
        assert answer.json()["code"] == code, (name, answer.text)
        held(answer, 422, code)
    assert not trap.exists()
    assert client.get("/v1/models").json()["items"] == []


def test_samples_are_looked_into(client: httpx.Client) -> None:
    import numpy as np

    data = files.samples(x=np.zeros((4, 3), np.float32))
    answer = client.post("/v1/samples", content=data, headers=content_digest(data))
    assert answer.status_code == 201, answer.text
    assert answer.json()["arrays"] == [{"name": "x", "dtype": "float32", "shape": [4, 3]}]
    assert answer.json()["digest"] == digest(data)
    objects = client.post(
        "/v1/samples", content=files.samples(x=np.array([{"a": 1}], dtype=object))
    )
    assert objects.status_code == 422
    assert client.post("/v1/samples", content=b"").status_code == 422
    assert client.post("/v1/samples", content=data[:100]).status_code == 422
