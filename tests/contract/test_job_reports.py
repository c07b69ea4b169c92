"""What a job shows of its request, its checks, its engine and the devices that it ran on."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from shared.domain.artifacts import Artifact
from shared.domain.errors import DeviceMemoryExceeded, NotFound, UnsupportedOperator
from shared.domain.gpus import Gpu
from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.offers import CheckerOffer
from shared.domain.outcomes import Outcome, Produced, Refused
from shared.domain.plans import Convert, Plan, Route
from shared.domain.views import JobView
from tests.support.gpus import (
    H100,
    H200,
    L4,
    ON_CPU,
    checked,
    claimed_on,
    engine_plan,
    ready,
    submit,
    work_on,
)
from tests.support.queue import COVERED, World, broke, digest, offer, success, world

GAP = {"node": "n", "operator": "Loop", "reason": "It is not covered."}
UNCOVERED = COVERED | {"supported": False, "covered": 2, "gaps": [GAP]}


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        checker = CheckerOffer(
            source="onnx", target="tensorrt", version=1, toolchain={"parser": "1"}
        )
        made.offer = offer("one", checkers=(checker,), runtimes=(ON_CPU,))
        made.fleet.announce(made.offer)
        yield made


def only_asked() -> Plan:
    """`modelferry check`: a plan that ends with its check."""
    plan = engine_plan()
    route = Route(converts=(), check=checked(binding=False), verify=None)
    return plan.model_copy(update={"purpose": "check", "routes": (route,)})


def uncovered() -> Refused:
    fault = UnsupportedOperator("Loop is not covered.", node="n", operator="Loop").fault
    return Refused(fault, {"coverage": UNCOVERED})


class TestRequest:
    def test_its_jobs_are_found_in_the_order_in_which_they_were_submitted(
        self, queue: World
    ) -> None:
        request = str(uuid4())
        plans = [engine_plan(options={"n": n}) for n in range(12)]
        jobs = submit(queue, *plans, request=request)
        submit(queue, engine_plan())
        submit(queue, engine_plan(), tenant="another", request=request)
        assert {job.request for job in jobs} == {request}
        found = queue.jobs.by_request("default", request)
        assert [job.id for job in found] == [job.id for job in jobs]
        assert [job.plan for job in found] == plans
        assert {job.waiting_for for job in found} == {"waiting: needs any GPU; on line: no GPU"}

    def test_a_retry_keeps_its_place(self, queue: World) -> None:
        jobs = submit(queue, engine_plan(), engine_plan(options={"n": 1}))
        queue.control.cancel("default", jobs[0].id)
        queue.jobs.retry("default", jobs[0].id, engine_plan())
        found = queue.jobs.by_request("default", jobs[0].request)
        assert [job.id for job in found] == [job.id for job in jobs]

    def test_they_say_what_they_wait_for(self, queue: World) -> None:
        job = ready(queue)
        (found,) = queue.jobs.by_request("default", job.request)
        assert found.waiting_for == "waiting: needs any GPU; on line: no GPU"

    def test_others_and_what_never_was_are_not_found(self, queue: World) -> None:
        (job,) = submit(queue, engine_plan())
        for tenant, request in (
            ("another", job.request),
            ("default", str(uuid4())),
            ("default", "none"),
        ):
            with pytest.raises(NotFound, match="request"):
                queue.jobs.by_request(tenant, request)

    def test_a_list_shows_it_too(self, queue: World) -> None:
        (job,) = submit(queue, only_asked())
        (summary,) = queue.ask.jobs("default").items
        assert (summary.request, summary.purpose) == (job.request, "check")


class TestCheck:
    def test_that_is_all_that_was_asked_for_proves_nothing(self, queue: World) -> None:
        (job,) = submit(queue, only_asked())
        assert [each.action.kind for each in queue.work()] == ["inspect", "check"]
        after = queue.show(job)
        assert (after.state, after.proof, after.purpose) == (JobState.SUCCEEDED, None, "check")
        assert after.output is None
        assert after.report.coverage is not None
        assert after.report.coverage.supported
        assert after.report.unverified is None

    def test_that_refuses_says_what_is_not_covered(self, queue: World) -> None:
        (job,) = submit(queue, engine_plan(check=checked()))
        queue.settle(queue.claimed())
        check = queue.claimed()
        assert list(check.inputs) == ["source"]
        queue.settle(check, uncovered())
        after = queue.show(job)
        assert after.state is JobState.FAILED
        assert after.error is not None
        assert after.error.operator == "Loop"
        assert after.report.coverage is not None
        assert [gap.operator for gap in after.report.coverage.gaps] == ["Loop"]
        assert after.steps[1].report == {"coverage": UNCOVERED}
        assert after.steps[2].state is State.CANCELLED

    def test_a_known_answer_is_reused(self, queue: World) -> None:
        submit(queue, only_asked(), label="same")
        queue.work()
        (again,) = submit(queue, only_asked(), label="same")
        assert again.state is JobState.SUCCEEDED
        assert again.report.coverage is not None


class TestEngine:
    def test_it_has_its_manifest_its_way_and_its_proof(self, queue: World) -> None:
        job = ready(queue, options={"opt": 3})
        work_on(queue, H100)
        after = queue.show(job)
        engine = after.report.engine
        assert engine is not None
        assert after.output is not None
        assert engine.manifest.digest == after.output.digest
        assert engine.manifest.gpu == H100
        assert engine.model == queue.ask.model("default", job.model_id).digest
        assert engine.route == "onnx-to-tensorrt"
        assert engine.verification == {"worst": 0.0}
        assert after.report.build == {"seconds": 1.5}
        assert [each.gpu for step in after.steps for each in step.attempts] == [
            None,
            H100,
            H100,
        ]

    def test_it_is_there_before_it_is_verified(self, queue: World) -> None:
        job = ready(queue)
        assert queue.show(job).report.engine is None
        queue.settle(claimed_on(queue, H100))
        engine = queue.show(job).report.engine
        assert engine is not None
        assert engine.verification is None

    def test_unverified_it_says_why(self, queue: World) -> None:
        plan = engine_plan(verify=None)
        (route,) = plan.routes
        why = "No GPU worker is on line."
        (job,) = submit(
            queue,
            plan.model_copy(
                update={"routes": (route.model_copy(update={"unverified": why}),)},
            ),
        )
        assert queue.show(job).report.unverified is None
        queue.work()
        work_on(queue, H100)
        after = queue.show(job)
        assert (after.proof, after.report.unverified) == ("converted_not_verified", why)

    def test_events_say_on_which_device(self, queue: World) -> None:
        job = ready(queue)
        claimed_on(queue, H100)
        running = queue.ask.events("default", job.id, kinds=["step.running"])
        assert [each.data.get("gpu") for each in running] == [None, H100.name]

    def test_out_of_device_memory_is_not_tried_again(self, queue: World) -> None:
        job = ready(queue)
        fault = DeviceMemoryExceeded("It took more than there is.").fault
        queue.settle(claimed_on(queue, H100), Refused(fault))
        after = queue.show(job)
        assert after.state is JobState.FAILED
        assert after.error is not None
        assert after.error.code == "device_memory_exceeded"


@pytest.mark.parametrize(
    "report",
    [
        {"manifest": {"format": "tensorrt"}},
        {"manifest": "none"},
        {"coverage": {"supported": "perhaps"}},
        {"build": [1]},
    ],
)
def test_a_report_that_nobody_could_read_is_a_broken_step(
    queue: World, report: dict[str, Any]
) -> None:
    """A child runs what users send, and may say anything."""
    job = ready(queue)
    written = Artifact(digest=digest(1), format="tensorrt", size=7)
    lies: tuple[Outcome, ...] = (Produced(written, report), Refused(broke().fault, report))
    for outcome in lies:
        queue.settle(claimed_on(queue, H100), outcome)
        after = queue.show(job)
        assert after.steps[1].state is State.READY
        assert after.steps[1].attempts[-1].outcome == "broke"
    work_on(queue, H100)
    assert queue.show(job).state is JobState.SUCCEEDED


@pytest.mark.parametrize("told", [H200, L4, H100.model_copy(update={"name": "x" * 1000})])
def test_the_manifest_of_another_gpu_is_a_broken_step(queue: World, told: Gpu) -> None:
    """Or the verification would wait for a GPU that nobody has, or run on one of another kind."""
    job = ready(queue)
    claimed = claimed_on(queue, H100)
    honest = success(claimed)
    assert isinstance(honest, Produced)
    manifest = honest.report["manifest"] | {"gpu": told.model_dump()}
    queue.settle(claimed, replace(honest, report={"manifest": manifest}))
    assert queue.show(job).steps[1].attempts[-1].outcome == "broke"
    work_on(queue, H100)
    assert queue.show(job).state is JobState.SUCCEEDED


def test_a_manifest_that_is_null_is_none(queue: World) -> None:
    job = ready(queue)
    claimed = claimed_on(queue, H100)
    built = success(claimed)
    assert isinstance(built, Produced)
    queue.settle(claimed, replace(built, report={"manifest": None}))
    work_on(queue, H100)
    assert queue.show(job).state is JobState.SUCCEEDED
    assert queue.show(job).report.engine is None


def test_further_models_go_into_the_last_convert_in_their_order(queue: World) -> None:
    """More than ten: `extra-10` comes after `extra-9`, and so do their fingerprints."""
    extras = tuple(Artifact(digest=digest(n), format="onnx", size=n) for n in range(12))
    first = claimed_inputs(queue, extras)
    assert list(first) == ["source", *(f"extra-{n}" for n in range(12))]
    assert list(first.values())[1:] == list(extras)
    (again,) = submit(queue, engine_plan(), label="same", extras=extras)
    queue.work()
    assert queue.show(again).steps[1].state is State.READY
    assert work_on(queue, H100) == []
    assert queue.show(again).state is JobState.SUCCEEDED
    (other,) = submit(queue, engine_plan(), label="same", extras=extras[::-1])
    queue.work()
    assert _built(work_on(queue, H100), other)


def claimed_inputs(queue: World, extras: tuple[Artifact, ...]) -> dict[str, Artifact]:
    submit(queue, engine_plan(), label="same", extras=extras)
    queue.work()
    build, *_ = work_on(queue, H100)
    return build.inputs


def _built(done: list[Any], job: JobView) -> bool:
    return any(each.job == job.id and isinstance(each.action, Convert) for each in done)
