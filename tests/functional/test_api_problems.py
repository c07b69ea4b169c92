"""Whatever is wrong with a request, the answer is a problem that says so."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from api.app import bare_app
from tests.support.serving import TENANT, Served

UUID = "0197c1de-6f2f-7c55-9a9e-3f6f0a3f8f10"


ANY = "any"


def held(response: httpx.Response, status: int, code: str, field: str | None = ANY) -> str:
    """The problem's sentence, once the rest of it is right."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["title"]
    assert problem["band"] in {"yours", "ours", "passing"}
    assert problem["instance"] == response.request.url.path
    assert problem["request_id"] == response.headers["x-request-id"]
    assert field == ANY or problem.get("field") == field
    assert len(problem["detail"]) > 20
    return problem["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/jobs/"),
        ("GET", "//v1/jobs"),
        ("PUT", f"/v1/uploads/{UUID}/parts/one"),
        ("PUT", f"/v1/uploads/{UUID}/parts/99999999999999999999"),
        ("GET", "/v1/jobs/not-a-uuid"),
        ("GET", f"/v1/jobs/{UUID}"),
        ("GET", f"/v1/jobs/{UUID}?wait=5"),
        ("GET", f"/v1/jobs/{UUID}/events"),
        ("GET", f"/v1/jobs/{UUID}/logs?wait=5"),
        ("POST", f"/v1/jobs/{UUID}/cancel"),
        ("POST", f"/v1/jobs/{UUID}/retry"),
        ("GET", f"/v1/models/{UUID}"),
        ("GET", "/v1/models/1"),
        ("GET", f"/v1/uploads/{UUID}"),
        ("PUT", f"/v1/uploads/{UUID}/parts/1"),
        ("POST", f"/v1/uploads/{UUID}/complete"),
        ("DELETE", f"/v1/uploads/{UUID}"),
        ("GET", "/v1/artifacts/md5:1"),
        ("GET", f"/v1/artifacts/sha256:{'0' * 64}"),
    ],
)
def test_what_is_not_there_is_404(client: httpx.Client, method: str, path: str) -> None:
    held(client.request(method, path, content=b"x" if method == "PUT" else None), 404, "not_found")


def test_a_stream_of_an_unknown_job_is_a_plain_404(client: httpx.Client) -> None:
    answer = client.get(f"/v1/jobs/{UUID}/events", headers={"Accept": "text/event-stream"})
    held(answer, 404, "not_found")


def test_a_wrong_method_names_the_right_ones(client: httpx.Client) -> None:
    answer = client.delete("/v1/jobs")
    held(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_a_body_of_another_type_is_415(client: httpx.Client) -> None:
    held(client.post("/v1/jobs", data={"model_id": UUID}), 415, "unsupported_media_type")
    held(client.post("/v1/jobs", content=b"{}"), 415, "unsupported_media_type")
    zipped = {"Content-Encoding": "gzip"}
    held(client.post("/v1/uploads", json={}, headers=zipped), 415, "unsupported_media_type")


@pytest.mark.parametrize("text", ["", "{", '{"model_id": NaN}', '{"a": "\\ud800"}', "[" * 5000])
def test_what_is_not_json_is_400(client: httpx.Client, text: str) -> None:
    answer = client.post("/v1/jobs", content=text, headers={"Content-Type": "application/json"})
    held(answer, 400, "bad_request")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ({"targets": [{"format": "onnx"}]}, "model_id"),
        ({"model_id": UUID, "targets": []}, "targets"),
        ({"model_id": UUID, "targets": [{"format": "onnx", "optoins": {}}]}, "targets.0.optoins"),
        ({"model_id": UUID, "targets": [{"format": "onnx"}], "priority": "5"}, "priority"),
        ({"model_id": UUID, "targets": [{"format": "onnx"}], "priority": 10}, "priority"),
        ({"model_id": "a\0b", "targets": [{"format": "onnx"}]}, "model_id"),
        (
            {"model_id": UUID, "targets": [{"format": "onnx", "options": {"a": ["\0"]}}]},
            "targets.0.options.a.0",
        ),
    ],
)
def test_what_does_not_fit_names_the_field(
    client: httpx.Client, body: object, field: str | None
) -> None:
    held(client.post("/v1/jobs", json=body), 422, "invalid_request", field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/jobs?limit=0", "limit"),
        ("/v1/jobs?limit=many", "limit"),
        ("/v1/jobs?limit=1&limit=2", "limit"),
        ("/v1/jobs?stat=queued", "stat"),
        ("/v1/jobs?state=lost", "state"),
        ("/v1/jobs?target=%00", "target"),
        (f"/v1/jobs/{UUID}?wait=61", "wait"),
        (f"/v1/jobs/{UUID}?wait=nan", "wait"),
        (f"/v1/jobs/{UUID}?after=-1", "after"),
        (f"/v1/jobs/{UUID}/events?after=99999999999", "after"),
        ("/v1/models?name=", "name"),
    ],
)
def test_a_query_that_does_not_fit_names_the_parameter(
    client: httpx.Client, path: str, field: str
) -> None:
    method = "POST" if "name" in path else "GET"
    held(client.request(method, path), 422, "invalid_request", field)


def test_a_cursor_that_was_made_up_is_400(client: httpx.Client) -> None:
    held(client.get("/v1/jobs?cursor=xyz"), 400, "bad_request", "cursor")
    held(client.get("/v1/models?cursor=eyJhIjoxfQ"), 400, "bad_request", "cursor")


def test_headers_that_do_not_fit_are_named(client: httpx.Client) -> None:
    job = {"model_id": UUID, "targets": [{"format": "onnx"}]}
    answer = client.get("/v1/jobs", headers={TENANT: "a b"})
    held(answer, 422, "invalid_request", TENANT)
    answer = client.post("/v1/jobs", json=job, headers={"Idempotency-Key": "k" * 201})
    held(answer, 422, "invalid_request", "Idempotency-Key")
    answer = client.post("/v1/models?name=a", content=b"a", headers={"Content-Digest": "md5"})
    held(answer, 422, "invalid_request", "Content-Digest")


def test_a_json_body_over_the_limit_is_413(api: Served, client: httpx.Client) -> None:
    body = json.dumps({"model_id": "x" * api.settings.max_body})
    announced = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    held(announced, 413, "too_large")
    pieces = (body[start : start + 1000].encode() for start in range(0, len(body), 1000))
    unsaid = client.post("/v1/jobs", content=pieces, headers={"Content-Type": "application/json"})
    held(unsaid, 413, "too_large")


def test_the_request_id_is_taken_or_made(client: httpx.Client) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-Id": "mine-1"}).headers["x-request-id"]
        == "mine-1"
    )
    made = client.get("/healthz", headers={"X-Request-Id": "not {mine}"}).headers["x-request-id"]
    assert len(made) == 32


def test_what_is_no_http_is_a_problem_too(api: Served) -> None:
    where = urlsplit(api.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as line:
        line.sendall(b"GET /healthz\r\nHost: x\r\n\r\n")
        said = line.makefile("rb").read()
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["code"] == "bad_request"


def test_an_unforeseen_exception_does_not_tell_its_text() -> None:
    app = bare_app()

    def break_down() -> None:
        raise RuntimeError("the password is hunter2")

    app.add_url_rule("/broken", view_func=break_down)
    answer = app.test_client().get("/broken", headers={"X-Request-Id": "seen"})
    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["code"] == "internal"
    assert answer.json["band"] == "ours"
    assert answer.json["request_id"] == "seen"
    assert "hunter2" not in answer.text
