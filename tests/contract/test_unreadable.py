"""Rows that another version wrote: they stand in nobody's way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from shared.adapters.tables import AttemptRow, JobRow, StepRow
from shared.domain.gpus import Needs
from shared.domain.lifecycle import State
from shared.domain.offers import Queue
from shared.domain.views import JobView
from tests.support.gpus import H100, claimed_on, ready, work_on
from tests.support.queue import World, offer, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def spoil(queue: World, job: JobView) -> None:
    """A later version has another name for a part of it."""
    later = """UPDATE jobs SET plan = plan - 'inspect' WHERE id = CAST(:id AS uuid)"""
    with queue.database.begin() as session:
        session.execute(text(later), {"id": job.id})


def rows(queue: World, job: JobView) -> tuple[Any, list[Any], list[Any]]:
    with queue.database.begin() as session:
        return (
            session.scalars(select(JobRow).filter_by(id=job.id)).one(),
            list(session.scalars(select(StepRow).filter_by(job_id=job.id))),
            list(session.scalars(select(AttemptRow).join(StepRow).filter_by(job_id=job.id))),
        )


def test_an_unreadable_job_is_ended_and_the_next_one_claimed(queue: World) -> None:
    bad, good = queue.job(), queue.job("other")
    spoil(queue, bad)
    assert queue.claimed().job == good.id
    job, steps, _ = rows(queue, bad)
    assert (job.state, job.error["code"], job.error["band"]) == ("failed", "internal", "ours")
    assert [step.state for step in steps] == [State.CANCELLED]
    assert [each.kind for each in queue.jobs.events("default", bad.id, 0, 99, None)][-2:] == [
        "step.cancelled",
        "job.failed",
    ]


def test_what_follows_the_step_in_hand_is_ended_with_it(queue: World) -> None:
    bad, good = queue.job(), queue.job("other")
    while (step := queue.claimed()).job != bad.id or step.action.kind == "inspect":
        queue.settle(step)
    other = queue.claimed()
    spoil(queue, bad)
    queue.age(60)
    assert set(queue.steps.expire(10)) == {step.step, other.step}
    job, steps, attempts = rows(queue, bad)
    assert job.state == "failed"
    assert {each.kind: each.state for each in steps} == {
        "inspect": State.DONE,
        "convert": State.FAILED,
        "verify": State.CANCELLED,
    }
    assert all(each.ended_at for each in (*steps, *attempts))
    assert queue.claimed().job == good.id


def test_an_unreadable_twin_costs_the_step_nothing(queue: World) -> None:
    good, bad = queue.job(label="same"), queue.job("other", label="same")
    claimed = queue.claimed()
    spoil(queue, bad)
    queue.settle(claimed)
    queue.work()
    assert queue.show(good).state == "succeeded"
    assert rows(queue, bad)[0].state == "failed"


def test_an_unreadable_offer_is_passed_by(queue: World) -> None:
    queue.fleet.announce(offer("later"))
    later = """UPDATE workers SET offer = (offer - 'converters') || '{"gpus": ["a"]}'
               WHERE id = 'later'"""
    with queue.database.begin() as session:
        session.execute(text(later))
    assert [each.offer.worker for each in queue.fleet.roster().members] == ["one"]
    assert [each.id for each in queue.fleet.workers()] == ["one"]
    assert queue.fleet.slots() == {Queue.CPU: 2}
    assert queue.fleet.gpus() == ()
    assert queue.steps.unheard(timedelta(0)) == {}


def test_what_a_later_version_added_is_left_alone(queue: World) -> None:
    job = queue.job()
    added = """UPDATE jobs SET plan = plan || '{"later": 1}' WHERE id = CAST(:id AS uuid)"""
    with queue.database.begin() as session:
        session.execute(text(added), {"id": job.id})
    assert queue.claimed().job == job.id


def test_an_unreadable_engine_job_is_ended_and_the_next_one_claimed(queue: World) -> None:
    bad, good = ready(queue), ready(queue)
    spoil(queue, bad)
    assert claimed_on(queue, H100).job == good.id
    assert rows(queue, bad)[0].state == "failed"


def test_an_unreadable_build_that_was_lost_lets_its_twin_go_on(queue: World) -> None:
    bad = ready(queue, label="same")
    claimed_on(queue, H100)
    good = ready(queue, label="same", tenant="other")
    spoil(queue, bad)
    queue.age(60)
    assert len(queue.steps.expire(10)) == 1
    assert rows(queue, bad)[0].state == "failed"
    assert claimed_on(queue, H100).job == good.id


def test_an_engine_of_an_unreadable_device_is_passed_by(queue: World) -> None:
    ready(queue, label="same")
    work_on(queue, H100)
    later = """UPDATE results SET device = '{"name": "a GPU"}' WHERE gpu <> ''"""
    with queue.database.begin() as session:
        session.execute(text(later))
    again = ready(queue, Needs(gpu="H100"), label="same")
    assert again.steps[1].state is State.READY
    assert work_on(queue, H100) == []
    assert queue.show(again).state == "succeeded"
