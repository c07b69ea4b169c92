"""The queue: what a step goes through, from submission to its result."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.settling import MOST_ATTEMPTS
from shared.domain.errors import JobEnded, JobNotEnded, WorkerLost
from shared.domain.gpus import ANY
from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.offers import Queue, RuntimeOffer
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Broke, Stopped
from tests.support.queue import USAGE, World, broke, disagreed, offer, refused, success, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def states(queue: World, job: object) -> list[tuple[int, str, State]]:
    view = queue.show(job)
    return [(step.route, step.kind, step.state) for step in view.steps]


def test_a_job_goes_through_its_plan(queue: World) -> None:
    job = queue.job()
    assert job.state is JobState.QUEUED
    done = queue.work()
    assert [each.action.kind for each in done] == ["inspect", "convert", "verify"]
    after = queue.show(job)
    assert after.state is JobState.SUCCEEDED
    assert after.proof == "verified"
    assert after.progress == 1.0
    assert after.output is not None
    assert after.output.filename == "m.onnx"
    assert after.report.route == "first"
    assert queue.ask.model("default", job.model_id).inspection is not None
    assert queue.kinds(job) == [
        "job.submitted",
        "step.waiting",
        "step.ready",
        "step.running",
        "job.running",
        "step.done",
        "step.waiting",
        "step.waiting",
        "step.ready",
        "step.running",
        "step.done",
        "step.ready",
        "step.running",
        "step.done",
        "job.succeeded",
    ]


def test_inputs_are_the_model_what_came_before_and_the_samples(queue: World) -> None:
    queue.job(samples=queue.samples())
    inspect, convert, verify = queue.work()
    assert list(inspect.inputs) == ["source", "samples"]
    assert list(convert.inputs) == ["source"]
    assert convert.inputs["source"] == inspect.inputs["source"]
    assert list(verify.inputs) == ["reference", "candidate", "samples"]
    assert verify.inputs["candidate"].format == "onnx"
    assert verify.inputs["samples"].format == "npz"


def test_a_simplifier_works_on_what_the_converter_wrote(queue: World) -> None:
    queue.job(options={"simplify": True})
    _, convert, simplify, verify = queue.work()
    assert simplify.inputs["source"] != convert.inputs["source"]
    assert verify.inputs["candidate"] != simplify.inputs["source"]


def test_the_next_route_is_tried_when_one_refuses(queue: World) -> None:
    job = queue.job()
    queue.settle(queue.claimed())
    queue.settle(queue.claimed(), refused())
    queue.work()
    after = queue.show(job)
    assert after.state is JobState.SUCCEEDED
    assert after.report.route == "second"
    (rejected,) = after.report.rejected
    assert (rejected.route, rejected.step) == ("first", "convert first")
    assert rejected.fault.operator == "Erfc"
    assert states(queue, job)[2] == (0, "verify", State.CANCELLED)


def test_a_mismatch_on_every_route_fails_the_job_and_keeps_the_artifacts(queue: World) -> None:
    job = queue.job()
    queue.settle(queue.claimed())
    for _ in range(2):
        queue.settle(queue.claimed())
        queue.settle(queue.claimed(), disagreed())
    after = queue.show(job)
    assert after.state is JobState.FAILED
    assert after.error is not None
    assert after.error.code == "accuracy_mismatch"
    assert after.output is None
    kept = [step.output for step in after.steps if step.kind == "convert"]
    for output in kept:
        assert output is not None
        artifact, name = queue.ask.artifact("default", output.digest)
        assert (artifact.format, name) == ("onnx", "m.onnx")


def test_the_best_routes_fault_is_the_jobs(queue: World) -> None:
    job = queue.job()
    queue.settle(queue.claimed())
    queue.settle(queue.claimed(), refused())
    queue.settle(queue.claimed())
    queue.settle(queue.claimed(), disagreed())
    after = queue.show(job)
    assert after.error is not None
    assert after.error.code == "unsupported_operator"
    assert [each.fault.code for each in after.report.rejected] == [
        "unsupported_operator",
        "accuracy_mismatch",
    ]


def test_a_machines_fault_is_tried_again_and_not_for_ever(queue: World) -> None:
    job = queue.job()
    for _ in range(2):
        queue.settle(queue.claimed(), broke())
        assert states(queue, job) == [(-1, "inspect", State.READY)]
    queue.settle(queue.claimed(), broke())
    after = queue.show(job)
    assert after.state is JobState.FAILED
    (step,) = after.steps
    assert [each.outcome for each in step.attempts] == ["broke"] * 3
    assert queue.kinds(job).count("step.retrying") == 2


def test_workers_that_stop_or_are_lost_do_not_count(queue: World) -> None:
    job = queue.job()
    handed_back = Broke(WorkerLost("The worker was told to stop.").fault)
    for _ in range(3):
        queue.settle(queue.claimed(), handed_back)
        queue.claimed(term=timedelta(seconds=-1))
        queue.steps.expire(1)
    for _ in range(2):
        queue.settle(queue.claimed(), broke())
    assert states(queue, job) == [(-1, "inspect", State.READY)]
    queue.settle(queue.claimed(), broke())
    assert queue.show(job).state is JobState.FAILED


def test_a_step_that_takes_every_worker_with_it_ends(queue: World) -> None:
    job = queue.job()
    for _ in range(MOST_ATTEMPTS):
        assert queue.show(job).state in {JobState.QUEUED, JobState.RUNNING}
        queue.claimed(term=timedelta(seconds=-1))
        queue.steps.expire(1)
    assert queue.show(job).state is JobState.FAILED


def test_a_result_that_the_store_lost_is_made_again(queue: World) -> None:
    job = queue.job()
    queue.settle(queue.claimed())
    queue.settle(queue.claimed())
    verify = queue.claimed()
    queue.steps.forget(verify.inputs["candidate"].digest)
    queue.settle(verify, refused())
    queue.settle(queue.claimed(), refused())
    again = queue.control.retry("default", job.id)
    steps = [step for step in again.steps if step.round == 2]
    assert [step.state for step in steps] == [State.DONE, State.READY, State.WAITING]


def test_a_second_attempt_waits_longer_than_the_first(database_url: str) -> None:
    with world(database_url, backoff=timedelta(seconds=10)) as queue:
        queue.job()
        queue.settle(queue.claimed(), broke())
        queue.age(9)
        assert queue.claim() is None
        queue.age(2)
        queue.settle(queue.claimed(), broke())
        queue.age(19)
        assert queue.claim() is None
        queue.age(2)
        assert queue.claim() is not None


def test_progress_and_log_lines_are_events(queue: World) -> None:
    job = queue.job()
    claimed = queue.claimed()
    queue.steps.report(claimed, ProgressNote(message="half\0way", progress=0.5), ["a", "b\0"])
    queue.steps.report(claimed, ProgressNote(message="odd", progress=float("nan")), [])
    queue.steps.report(claimed, None, ["c"])
    after = queue.show(job)
    assert after.steps[0].progress == 0.5
    assert after.steps[0].message == "odd"
    assert 0 < after.progress < 0.5
    logs = queue.ask.events("default", job.id, kinds=["step.log"])
    assert [each.data["lines"] for each in logs] == [["a", "b\ufffd"], ["c"]]


def test_a_report_with_numbers_that_are_none_is_kept(queue: World) -> None:
    job = queue.job()
    queue.settle(queue.claimed())
    queue.settle(queue.claimed())
    verify = queue.claimed()
    outcome = disagreed()
    outcome.report["worst"] = float("nan")
    queue.settle(verify, outcome)
    assert queue.show(job).steps[2].report == {"worst": "NaN"}


class TestCancel:
    def test_before_anyone_began(self, queue: World) -> None:
        job = queue.job()
        assert queue.control.cancel("default", job.id).state is JobState.CANCELLED
        assert queue.claim() is None
        with pytest.raises(JobEnded):
            queue.control.cancel("default", job.id)

    def test_while_a_step_runs(self, queue: World) -> None:
        job = queue.job()
        queue.settle(queue.claimed())
        claimed = queue.claimed()
        during = queue.control.cancel("default", job.id)
        assert during.state is JobState.RUNNING
        assert [step.state for step in during.steps] == [
            State.DONE,
            State.RUNNING,
            State.CANCELLED,
        ]
        assert queue.control.cancel("default", job.id).last_event == during.last_event
        pulse = queue.steps.renew("one", {claimed.step: claimed.lease}, timedelta(seconds=15))
        assert pulse.cancelled == {claimed.step}
        queue.settle(claimed, Stopped())
        assert queue.show(job).state is JobState.CANCELLED

    def test_of_an_inspection_opens_no_route(self, queue: World) -> None:
        job = queue.job()
        claimed = queue.claimed()
        queue.control.cancel("default", job.id)
        queue.settle(claimed)
        after = queue.show(job)
        assert after.state is JobState.CANCELLED
        assert len(after.steps) == 1

    def test_whose_worker_is_lost(self, queue: World) -> None:
        job = queue.job()
        queue.claimed()
        queue.control.cancel("default", job.id)
        queue.age(20)
        assert len(queue.steps.expire(10)) == 1
        assert queue.show(job).state is JobState.CANCELLED

    def test_still_gives_its_result_to_others(self, queue: World) -> None:
        one, other = queue.job(label="same"), queue.job(label="same")
        claimed = queue.claimed()
        queue.control.cancel("default", one.id)
        queue.settle(claimed)
        assert states(queue, other)[0] == (-1, "inspect", State.DONE)


class TestRetry:
    def test_plans_anew_and_reuses_what_is_known(self, queue: World) -> None:
        job = queue.job()
        queue.settle(queue.claimed())
        queue.settle(queue.claimed(), refused())
        queue.settle(queue.claimed(), refused())
        assert queue.show(job).state is JobState.FAILED
        with pytest.raises(JobNotEnded):
            queue.control.retry("default", queue.job().id)
        again = queue.control.retry("default", job.id)
        assert again.round == 2
        assert [step.state for step in again.steps if step.round == 2] == [
            State.DONE,
            State.READY,
            State.WAITING,
        ]
        queue.work()
        after = queue.show(job)
        assert after.state is JobState.SUCCEEDED
        assert after.error is None

    def test_of_a_cancelled_job(self, queue: World) -> None:
        job = queue.job()
        queue.control.cancel("default", job.id)
        queue.control.retry("default", job.id)
        queue.work()
        assert queue.show(job).state is JobState.SUCCEEDED


def test_what_nobody_can_take_says_what_is_missing(queue: World) -> None:
    job = queue.job()
    assert queue.show(job).waiting_for is None
    queue.fleet.leave("one")
    waiting = queue.show(job).waiting_for
    assert waiting is not None
    assert "inspect:keras" in waiting
    queue.fleet.announce(offer("two", runtimes=()))
    assert "On line: two." in str(queue.show(job).waiting_for)


def test_a_worker_claims_only_what_it_can_do(queue: World) -> None:
    queue.job()
    assert queue.steps.claim("two", ["inspect:onnx"], Queue.CPU, timedelta(1)) is None
    assert queue.steps.claim("two", ["inspect:keras"], Queue.GPU, timedelta(1)) is None
    assert queue.steps.claim("two", ["inspect:keras"], Queue.CPU, timedelta(1)) is not None


def test_priority_comes_before_turn(queue: World) -> None:
    queue.job()
    urgent = queue.job(priority=9)
    assert queue.claimed().job == urgent.id


def test_ready_steps_that_nobody_claims_are_counted(queue: World) -> None:
    queue.job(label="same")
    queue.job(label="same")
    assert queue.steps.unheard(timedelta(seconds=5)) == {}
    queue.age(6)
    assert queue.steps.unheard(timedelta(seconds=5)) == {(Queue.CPU, ANY): 2}
    queue.claimed()
    assert queue.steps.unheard(timedelta(seconds=5)) == {}


def test_bells_ring_for_what_became_ready(queue: World) -> None:
    queue.job()
    assert queue.bell.times[Queue.CPU] == 1
    queue.settle(queue.claimed())
    assert queue.bell.times[Queue.CPU] == 2


def test_a_result_is_kept_under_the_packages_that_wrote_it(queue: World) -> None:
    queue.job(label="same")
    claimed = queue.claimed()
    older = RuntimeOffer(format="keras", toolchain={"keras": "0"})
    queue.steps.settle(claimed, success(claimed), USAGE, offer("one", runtimes=(older,)))
    later = queue.job(label="same")
    assert queue.show(later).steps[0].state is State.READY
    queue.fleet.announce(offer("one", runtimes=(older,)))
    queue.control.cancel("default", later.id)
    again = queue.control.retry("default", later.id)
    assert again.steps[1].state is State.DONE
