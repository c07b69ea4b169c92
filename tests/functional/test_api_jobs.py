"""Jobs: asked for once, shown, cancelled, tried again."""

from typing import Any

import httpx
import pytest

from shared.domain.faults import Fault
from shared.domain.outcomes import Refused
from tests.functional.test_api_problems import UUID, held
from tests.functional.test_api_uploads import send
from tests.support import files
from tests.support.fleet import Hands

FAULT = Fault(
    code="unsupported_operator",
    band="yours",
    detail="Operator 'Frobnicate' of node 'f1' is not covered; use another layer.",
    node="f1",
    operator="Frobnicate",
)


@pytest.fixture
def model(client: httpx.Client, tenant: str) -> str:
    answer = send(client, files.program(tenant), "tiny.pt2")
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def ask(client: httpx.Client, model: str, key: str | None = None, **target: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"model_id": model, "targets": [{"format": "onnx", **target}]}
    return client.post("/v1/jobs", json=body, headers=headers)


def asked(client: httpx.Client, model: str, **target: Any) -> dict[str, Any]:
    answer = ask(client, model, **target)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()["jobs"][0]
    return job


def test_a_job_is_made_and_shown(client: httpx.Client, model: str) -> None:
    job = asked(client, model, options={"opset": 18})
    assert job["state"] == "queued"
    assert job["target"] == "onnx"
    assert job["options"] == {"opset": 18}
    assert job["plan"]["routes"]
    assert client.get(f"/v1/jobs/{job['id']}").json() == job
    events = client.get(f"/v1/jobs/{job['id']}/events").json()["items"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "job.submitted"
    assert events[-1]["seq"] == job["last_event"]
    tail = client.get(f"/v1/jobs/{job['id']}/events", params={"after": 1, "limit": 1}).json()
    assert [event["seq"] for event in tail["items"]] == [2]


def test_a_key_makes_one_job(client: httpx.Client, model: str) -> None:
    first, again = (ask(client, model, key="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert [job["id"] for job in first.json()["jobs"]] == [
        job["id"] for job in again.json()["jobs"]
    ]
    held(
        ask(client, model, key="k1", options={"opset": 19}),
        422,
        "idempotency_key_reused",
        "Idempotency-Key",
    )
    assert len(client.get("/v1/jobs").json()["items"]) == 1


def test_several_targets_make_several_jobs(client: httpx.Client, model: str) -> None:
    targets = [{"format": "onnx"}, {"format": "onnx", "options": {"opset": 17}}]
    answer = client.post("/v1/jobs", json={"model_id": model, "targets": targets})
    assert answer.status_code == 201, answer.text
    assert [job["options"] for job in answer.json()["jobs"]] == [{}, {"opset": 17}]


def test_one_bad_target_spoils_all(client: httpx.Client, model: str) -> None:
    targets = [{"format": "onnx"}, {"format": "papyrus"}]
    answer = client.post("/v1/jobs", json={"model_id": model, "targets": targets})
    held(answer, 422, "unknown_target")
    assert client.get("/v1/jobs").json()["items"] == []


def test_what_cannot_be_planned_is_refused(client: httpx.Client, model: str) -> None:
    assert "onnx" in held(
        ask(client, model, format="papyrus"), 422, "unknown_target", "targets.format"
    )
    no_route = ask(client, model, format="skops")
    held(no_route, 422, "no_route")
    for options, name in (
        ({"opsett": 18}, "opsett"),
        ({"opset": "new"}, "opset"),
        ({"opset": 3}, "opset"),
        ({"opset": 99}, "opset"),
        ({"dynamic": "perhaps"}, "dynamic"),
    ):
        answer = ask(client, model, options=options)
        sentence = held(answer, 422, "invalid_options")
        assert name in answer.json()["field"]
        assert name in sentence
    held(ask(client, UUID), 404, "not_found")
    held(ask(client, "no-uuid"), 404, "not_found")


def test_a_bare_state_dict_is_refused_with_what_is_missing(client: httpx.Client) -> None:
    import torch

    weights = files.torch_file({"layer.weight": torch.zeros(2, 2), "layer.bias": torch.zeros(2)})
    model = send(client, weights, "weights.pt")
    assert model.status_code == 201, model.text
    assert model.json()["format"] == "state-dict"
    answer = ask(client, model.json()["id"])
    assert "torch.export" in held(answer, 422, "bare_state_dict")


def test_jobs_are_listed_by_page_and_by_filter(client: httpx.Client, model: str) -> None:
    ids = [asked(client, model, options={"opset": 15 + each})["id"] for each in range(3)]
    first = client.get("/v1/jobs", params={"limit": 2}).json()
    rest = client.get("/v1/jobs", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [job["id"] for job in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next_cursor"] is None
    for filters, number in (
        ({"state": "queued"}, 3),
        ({"state": "failed"}, 0),
        ({"target": "onnx", "model_id": model}, 3),
        ({"target": "keras"}, 0),
    ):
        assert len(client.get("/v1/jobs", params=filters).json()["items"]) == number


def test_a_cancelled_job_has_ended(client: httpx.Client, model: str) -> None:
    job = asked(client, model)
    answer = client.post(f"/v1/jobs/{job['id']}/cancel")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "cancelled"
    held(client.post(f"/v1/jobs/{job['id']}/cancel"), 409, "job_ended")
    again = client.post(f"/v1/jobs/{job['id']}/retry")
    assert again.status_code == 200, again.text
    assert again.json()["state"] == "queued"
    assert again.json()["round"] == job["round"] + 1
    held(client.post(f"/v1/jobs/{job['id']}/retry"), 409, "job_not_ended")
    client.post(f"/v1/jobs/{job['id']}/cancel")


def test_an_uncovered_operator_is_named(client: httpx.Client, model: str, worker: Hands) -> None:
    job = asked(client, model)
    claimed = worker.claim(job["id"])
    worker.say(claimed, "opening", ["line one", "line two"])
    logs = client.get(f"/v1/jobs/{job['id']}/logs").json()
    assert [line for item in logs["items"] for line in item["data"]["lines"]] == [
        "line one",
        "line two",
    ]
    assert not logs["ended"]
    worker.settle(claimed, Refused(FAULT))
    job = client.get(f"/v1/jobs/{job['id']}").json()
    assert job["state"] == "failed"
    assert job["error"]["code"] == "unsupported_operator"
    assert (job["error"]["node"], job["error"]["operator"]) == ("f1", "Frobnicate")
    rest = client.get(f"/v1/jobs/{job['id']}/logs", params={"after": logs["last_seq"]}).json()
    assert rest["items"] == []
    assert rest["ended"]


def test_the_fleet_is_shown(client: httpx.Client, worker: Hands) -> None:
    formats = client.get("/v1/formats").json()["items"]
    assert {"keras", "keras-h5", "savedmodel", "pt2", "torchscript", "onnx"} <= {
        each["name"] for each in formats
    }
    converters = client.get("/v1/converters").json()["items"]
    told = (*worker.offer.converters, *worker.offer.known)
    assert {each["name"] for each in converters} == {each.name for each in told}
    assert all("properties" in each["options"] for each in converters)
    routes = client.get("/v1/routes", params={"source": "pt2", "target": "onnx"}).json()["items"]
    assert len(routes) >= 2
    assert all(route["online"] for route in routes)
    workers = client.get("/v1/workers").json()["items"]
    assert [each["id"] for each in workers] == [worker.offer.worker]
