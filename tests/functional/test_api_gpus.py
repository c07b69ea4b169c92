"""GPUs through HTTP: what a job asks for, what it waits for, and what the fleet shows."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from modelferry.embedded.postgres import Postgres
from modelferry.embedded.valkey import Valkey
from shared.domain.offers import Queue
from shared.domain.outcomes import Produced
from shared.domain.signatures import Inspection, Signature, Tensor
from shared.settings import Settings
from tests.functional.test_api_engines import asked, uploaded
from tests.functional.test_api_problems import UUID, held
from tests.support import answers, files
from tests.support.fleet import Hands, hands
from tests.support.gpus import device
from tests.support.serving import Served, serving
from workers.offering import offer

H100 = device("NVIDIA H100 80GB HBM3", "9.0", 80)
LIBRARIES = {"tensorrt": "11.4.0", "tensorrt-rtx": "1.7.1"}
MISSING = "libnvonnxparser.so.11 is not there; install TensorRT's parser."


@pytest.fixture(scope="module")
def api(
    postgres: Postgres, _template: str, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """An API with one worker announced, which has an H100 and does nothing by itself."""
    folder = tmp_path_factory.mktemp("gpus")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "api_gpus" TEMPLATE "{_template}"'.encode())
    (folder / "store").mkdir()
    settings = Settings(
        database_url=postgres.url("api_gpus"),
        broker_url=valkey.url,
        store_url=(folder / "store").as_uri(),
        lease_term=3600,
        work_dir=folder / "work",
    )
    with hands(settings) as worker:
        worker.fleet.fleet.announce(
            offer(
                worker.offer.worker,
                "there",
                queues=(Queue.CPU, Queue.GPU),
                slots=1,
                memory=8 << 30,
                isolation={},
                libraries=LIBRARIES,
                gpus=(H100,),
                missing=(MISSING,),
            )
        )
    with serving(settings, folder) as served:
        yield served


@pytest.fixture
def worker(api: Served) -> Iterator[Hands]:
    with hands(api.settings) as found:
        found.offer = found.fleet.fleet.workers()[0].offer
        yield found


def inspected() -> Produced:
    ends = (Tensor(name="x", dtype="float32", shape=("batch", 3)),)
    found = Inspection(format="onnx", signature=Signature(inputs=ends, outputs=ends), parameters=1)
    return Produced(None, found.model_dump(mode="json"))


def job_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()["jobs"][0]
    return job


def test_a_gpu_that_nobody_has_is_waited_for(client: httpx.Client, worker: Hands) -> None:
    model = uploaded(client, files.onnx_model(11.0))
    wish = {"format": "tensorrt", "options": {"gpu": "RTX 5090", "compute_capability": "12.0"}}
    job = job_of(asked(client, model, wish))
    worker.settle(worker.claim(job["id"]), inspected())
    check = worker.claim(job["id"])
    assert check.action.kind == "check"
    worker.settle(check, Produced(None, {"coverage": answers.coverage(supported=True)}))
    waiting = client.get(f"/v1/jobs/{job['id']}").json()["waiting_for"]
    for part in ("RTX 5090", "12.0", "on line: 9.0 (NVIDIA H100 80GB HBM3)"):
        assert part in waiting
    again = client.get(f"/v1/jobs/{job['id']}", params={"wait": 1}).json()
    assert again["waiting_for"] == waiting
    assert again["report"]["coverage"]["supported"] is True
    assert client.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_a_matrix_is_a_job_for_each_combination(client: httpx.Client) -> None:
    model = uploaded(client, files.onnx_model(12.0))
    matrix = {"precision": ["fp32", "fp16"], "gpu": ["H100", "L4"]}
    answer = asked(client, model, {"format": "tensorrt", "matrix": matrix}).json()
    jobs = answer["jobs"]
    assert {job["request"] for job in jobs} == {answer["request"]}
    assert [(job["options"]["precision"], job["options"]["gpu"]) for job in jobs] == [
        ("fp32", "H100"),
        ("fp32", "L4"),
        ("fp16", "H100"),
        ("fp16", "L4"),
    ]
    found = client.get(f"/v1/requests/{answer['request']}").json()
    assert set(found["varied"]) == {"precision", "gpu"}
    assert [row["options"] for row in found["jobs"]] == [job["options"] for job in jobs]
    other = {"X-Modelferry-Tenant": "stranger"}
    held(client.get(f"/v1/requests/{jobs[0]['request']}", headers=other), 404, "not_found")
    held(client.get(f"/v1/requests/{UUID}"), 404, "not_found")


def test_one_bad_combination_is_named_and_spoils_all(client: httpx.Client) -> None:
    model = uploaded(client, files.onnx_model(13.0))
    for matrix, code, words in (
        ({"precision": ["fp16", "int8"]}, "samples_required", "With precision 'int8'"),
        ({"precision": ["fp16", "fp4"]}, "invalid_options", "With precision 'fp4'"),
        ({"optimization_level": [3, 9]}, "invalid_options", "With optimization_level 9"),
        ({"precision": []}, "invalid_request", "no value for precision"),
        ({"optimization_level": list(range(65))}, "invalid_request", "64"),
    ):
        answer = asked(client, model, {"format": "tensorrt", "matrix": matrix})
        assert words in held(answer, 422, code)
    both = {"format": "tensorrt", "options": {"gpu": "L4"}, "matrix": {"gpu": ["L4"]}}
    held(asked(client, model, both), 422, "invalid_request", "targets.matrix")
    many = [{"format": "tensorrt"}] * 17
    held(asked(client, model, *many), 422, "invalid_request", "targets")
    assert client.get("/v1/jobs").json()["items"] == []


def test_a_precision_that_the_named_gpu_lacks_is_refused(client: httpx.Client) -> None:
    model = uploaded(client, files.onnx_model(14.0))
    wish = {"format": "tensorrt", "options": {"precision": "bf16", "compute_capability": "7.5"}}
    assert "8.0" in held(asked(client, model, wish), 422, "unsupported_precision")


def test_a_check_is_refused_where_there_is_nobody_to_ask(client: httpx.Client) -> None:
    model = uploaded(client, files.onnx_model(15.0))
    for target, status, code in (
        ({"format": "keras"}, 422, "no_route"),
        ({"format": "papyrus"}, 422, "unknown_target"),
        ({"format": "tensorrt", "options": {"colour": "blue"}}, 422, "invalid_options"),
        ({"format": "tensorrt", "matrix": {"gpu": ["L4"]}}, 422, "invalid_request"),
    ):
        held(client.post(f"/v1/models/{model}/check", json={"target": target}), status, code)
    wish = {"target": {"format": "tensorrt"}}
    held(client.post(f"/v1/models/{UUID}/check", json=wish), 404, "not_found")
    held(client.post("/v1/models/nothing/check", json=wish), 404, "not_found")
    absent = client.post(f"/v1/models/{model}/check", json=wish | {"samples": UUID})
    held(absent, 404, "not_found")


def test_a_check_is_a_job_that_builds_nothing(client: httpx.Client, worker: Hands) -> None:
    model = uploaded(client, files.onnx_model(16.0))
    answer = client.post(f"/v1/models/{model}/check", json={"target": {"format": "tensorrt"}})
    job = answer.json()
    worker.settle(worker.claim(job["id"]), inspected())
    told = answers.coverage()
    worker.settle(worker.claim(job["id"]), Produced(None, {"coverage": told}))
    view = client.get(f"/v1/jobs/{job['id']}").json()
    assert (view["state"], view["purpose"], view["output"]) == ("succeeded", "check", None)
    assert view["report"]["coverage"]["gaps"] == told["gaps"]


def compatible(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/v1/engines/compatibility", json=body)


def test_the_fleets_gpus_are_known_by_name(client: httpx.Client) -> None:
    engine = answers.manifest(b"e", format="tensorrt", hardware="same-compute-capability")
    engine["gpu"] = H100.model_dump() | {"compute_capability": "9.0"}
    place = {"gpu": {"name": "h100"}, "library": "1.7.1"}
    found = compatible(client, manifest=engine, **place).json()
    assert found["runs"] is None
    assert {each["code"] for each in found["unknown"]} == {"driver", "memory"}
    place["gpu"] = {"name": "L4"}
    found = compatible(client, manifest=engine, **place).json()
    assert [each["code"] for each in found["reasons"]] == ["compute_capability"]


def test_an_engine_is_named_in_one_way(client: httpx.Client) -> None:
    gpu = {"name": "L4"}
    engine = answers.manifest(b"e")
    held(compatible(client, gpu=gpu), 422, "invalid_request", "manifest")
    held(
        compatible(client, gpu=gpu, manifest=engine, job_id=UUID),
        422,
        "invalid_request",
        "manifest",
    )
    held(compatible(client, gpu=gpu, job_id=UUID), 404, "not_found")
    held(compatible(client, gpu={}, manifest=engine), 422, "invalid_request", "gpu.name")
    held(
        compatible(client, gpu=gpu | {"driver": "new"}, manifest=engine),
        422,
        "invalid_request",
        "gpu.driver",
    )
    held(
        compatible(client, gpu=gpu | {"compute_capability": "ada"}, manifest=engine),
        422,
        "invalid_request",
        "gpu.compute_capability",
    )
    model = uploaded(client, files.onnx_model(17.0))
    job = job_of(asked(client, model, {"format": "tensorrt"}))
    assert "no engine" in held(compatible(client, gpu=gpu, job_id=job["id"]), 404, "not_found")


def test_the_fleet_shows_its_gpus_and_what_is_missing(client: httpx.Client) -> None:
    offered = client.get("/v1/workers").json()["items"][0]["offer"]
    assert [each["name"] for each in offered["gpus"]] == [H100.name]
    assert offered["missing"] == [MISSING]
    assert {"tensorrt": "11.4.0"}.items() <= {
        name: version
        for each in offered["converters"]
        for name, version in each["toolchain"].items()
    }.items()
    routes = client.get("/v1/routes", params={"source": "onnx", "target": "tensorrt"}).json()
    assert any(each["online"] for each in routes["items"])
