"""What is tried again, what is not, and what a failure is called."""

import time
from collections.abc import Iterator

import pytest

from modelferry import Modelferry, errors
from modelferry.embedded.ports import free_port
from tests.support import answers
from tests.support.shaky import Cut, Reply, Shaky, problem

JOBS = Reply(201, {"jobs": [answers.job("queued")]})


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    with Shaky() as server:
        yield server


@pytest.fixture
def ferry(shaky: Shaky) -> Iterator[Modelferry]:
    with Modelferry(shaky.url, tenant="someone", patience=5) as client:
        yield client


def test_retry_after_is_honoured(shaky: Shaky, ferry: Modelferry) -> None:
    away = problem(503, "database_unavailable", "passing", wait=1)
    shaky.once("GET", "/v1/models/m1", away)
    shaky.always("GET", "/v1/models/m1", Reply(200, answers.model()))
    began = time.monotonic()
    assert ferry.model("m1").id == "m1"
    assert time.monotonic() - began >= 1


def test_longer_than_the_patience_is_not_waited_for(shaky: Shaky, ferry: Modelferry) -> None:
    full = problem(507, "storage_full", "passing", wait=60)
    shaky.always("GET", "/v1/models/m1", full)
    began = time.monotonic()
    with pytest.raises(errors.StorageFull) as caught:
        ferry.model("m1")
    assert time.monotonic() - began < 2
    assert caught.value.retry_after == 60
    assert len(shaky.asked) == 1


def test_nobody_there_is_told_at_once(free_address: str) -> None:
    began = time.monotonic()
    with Modelferry(free_address) as ferry, pytest.raises(errors.Unreachable) as caught:
        ferry.model("m1")
    assert time.monotonic() - began < 2
    assert free_address in caught.value.detail
    assert "modelferry up" in caught.value.detail


@pytest.fixture
def free_address() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_a_broken_line_makes_no_second_job(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.once("GET", "/v1/models/m1", Reply(200, answers.model()))
    shaky.once("POST", "/v1/jobs", Cut(), problem(503, "broker_unavailable", "passing", wait=0))
    shaky.always("POST", "/v1/jobs", JOBS)
    job = ferry.submit(ferry.model("m1"), "onnx")
    assert job.id == "j1"
    keys = [each.headers["Idempotency-Key"] for each in shaky.seen("POST", "/v1/jobs")]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_each_submit_has_a_key_of_its_own(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("POST", "/v1/jobs", JOBS)
    ferry.submit("m1", "onnx")
    ferry.submit("m1", "onnx")
    ferry.submit("m1", "onnx", key="mine")
    keys = [each.headers["Idempotency-Key"] for each in shaky.seen("POST", "/v1/jobs")]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_what_must_not_be_done_twice_is_not_sent_twice(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job("running")))
    shaky.once("POST", "/v1/jobs/j1/cancel", Cut())
    job = ferry.job("j1")
    with pytest.raises(errors.Unreachable, match="broke"):
        job.cancel()
    assert len(shaky.seen("POST", "/v1/jobs/j1/cancel")) == 1


def test_a_problem_says_all_that_the_service_said(shaky: Shaky, ferry: Modelferry) -> None:
    told = problem(
        422, "unsupported_operator", "yours", node="n7", operator="Erfc", request_id="r1"
    )
    shaky.always("GET", "/v1/models/m1", told)
    with pytest.raises(errors.UnsupportedOperator) as caught:
        ferry.model("m1")
    error = caught.value
    assert (error.code, error.status, error.node, error.operator, error.request_id) == (
        "unsupported_operator",
        422,
        "n7",
        "Erfc",
        "r1",
    )
    assert error.problem()["band"] == "yours"


@pytest.mark.parametrize(
    ("status", "kind"), [(502, errors.Passing), (500, errors.Ours), (418, errors.Yours)]
)
def test_an_answer_without_a_problem_is_known_by_its_status(
    shaky: Shaky, status: int, kind: type[errors.ModelferryError]
) -> None:
    shaky.always("GET", "/v1/models/m1", Reply(status, b"<html>"))
    with Modelferry(shaky.url, patience=0) as ferry, pytest.raises(kind, match=str(status)):
        ferry.model("m1")


def test_another_site_is_told_from_a_service(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("GET", "/v1/models/m1", Reply(200, b"<html>"))
    with pytest.raises(errors.BadAnswer, match="Modelferry service"):
        ferry.model("m1")


def test_the_tenant_goes_with_every_request(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("GET", "/v1/models/m1", Reply(200, answers.model()))
    ferry.model("m1")
    assert shaky.asked[0].headers["X-Modelferry-Tenant"] == "someone"


def test_the_environment_names_service_and_tenant(
    shaky: Shaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELFERRY_URL", shaky.url + "/")
    monkeypatch.setenv("MODELFERRY_TENANT", "theirs")
    shaky.always("GET", "/v1/models/m1", Reply(200, answers.model()))
    with Modelferry() as ferry:
        ferry.model("m1")
        assert ferry.url == shaky.url
    assert shaky.asked[0].headers["X-Modelferry-Tenant"] == "theirs"


def test_lists_are_read_page_by_page(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.once(
        "GET",
        "/v1/jobs",
        Reply(200, {"items": [answers.job(id="j2")], "next_cursor": "c"}),
        Reply(200, {"items": [answers.job(id="j1")], "next_cursor": None}),
    )
    pages = ferry.jobs(state="succeeded")
    assert next(pages).id == "j2"
    assert len(shaky.asked) == 1
    assert [each.id for each in pages] == ["j1"]
    assert shaky.asked[1].query == {"state": "succeeded", "cursor": "c"}


def test_several_targets_are_several_jobs(shaky: Shaky, ferry: Modelferry) -> None:
    two = [answers.job("queued", id="j1"), answers.job("queued", id="j2")]
    shaky.always("POST", "/v1/jobs", Reply(201, {"jobs": two}))
    jobs = ferry.submit("m1", ["onnx", "keras"], options={"opset": 18})
    assert [each.id for each in jobs] == ["j1", "j2"]


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://here", "http://[::1", "http://a:b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(errors.Misuse, match="no address"):
        Modelferry(url)


def test_what_is_no_tenant_is_refused() -> None:
    with pytest.raises(errors.Misuse, match="no tenant"):
        Modelferry(tenant="größe")
