"""Single flight: two equal steps run once, and both have the result."""

from collections.abc import Iterator

import pytest

from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from tests.support.queue import World, broke, refused, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def test_a_step_whose_twin_runs_is_passed_by(queue: World) -> None:
    one, other = queue.job(label="same"), queue.job(label="same")
    queue.claimed()
    assert queue.claim() is None
    third = queue.job(label="another")
    assert queue.claimed().job == third.id
    assert {queue.show(each).state for each in (one, other)} == {
        JobState.RUNNING,
        JobState.QUEUED,
    }


def test_twins_are_finished_by_one_result(queue: World) -> None:
    jobs = [queue.job(tenant, label="same") for tenant in ("a", "b", "a", "c")]
    assert len(queue.work()) == 3
    for job in jobs:
        after = queue.show(job, job.tenant)
        assert after.state is JobState.SUCCEEDED
        assert after.output is not None
        assert queue.ask.model(job.tenant, job.model_id).inspection is not None
    reused = [[step.reused for step in queue.show(job, job.tenant).steps] for job in jobs]
    assert [each.count(False) for each in zip(*reused, strict=True)] == [1, 1, 1]


def test_what_is_known_is_done_at_once(queue: World) -> None:
    queue.job(label="same")
    queue.work()
    again = queue.job(label="same")
    assert again.state is JobState.SUCCEEDED
    assert all(step.reused and step.attempt == 0 for step in again.steps)
    assert queue.claim() is None


def test_cosmetics_make_no_difference(queue: World) -> None:
    queue.job(label="same", options={"opset": 18, "simplify": False})
    queue.work()
    assert queue.job(label="same", options={}).state is JobState.SUCCEEDED
    assert queue.job(label="same", options={"opset": 18.0}).state is JobState.SUCCEEDED
    assert queue.job(label="same", options={"opset": 17}).state is JobState.QUEUED


def test_a_twin_takes_over_when_the_machine_failed(queue: World) -> None:
    one, other = queue.job(label="same"), queue.job(label="same")
    queue.settle(queue.claimed(), broke())
    queue.settle(queue.claimed(), refused())
    states = {queue.show(each).steps[0].state for each in (one, other)}
    assert states == {State.FAILED, State.READY}


def test_a_step_that_became_ready_too_late_to_be_shared_is_finished_when_claimed(
    queue: World,
) -> None:
    """Its result was written between its being written and its being committed."""
    first = queue.job(label="same")
    with queue.database.begin() as held:
        # A job that nobody can lock for now stands for one that is being written.
        late = queue.job(label="same")
        held.connection().exec_driver_sql(
            "SELECT 1 FROM jobs WHERE id = %(id)s FOR NO KEY UPDATE", {"id": late.id}
        )
        claimed = queue.claimed()
        assert claimed.job == first.id
        queue.settle(claimed)
        assert queue.show(late).steps[0].state is State.READY
    assert {each.job for each in queue.work()} == {first.id}
    assert queue.show(late).state is JobState.SUCCEEDED
    assert queue.show(late).steps[0].reused
