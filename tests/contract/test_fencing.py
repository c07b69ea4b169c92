"""Fencing: a worker that was declared dead and comes back changes nothing."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.domain.errors import LeaseLost
from shared.domain.jobs import JobState
from shared.domain.lifecycle import MOVES, State
from shared.domain.orders import ProgressNote
from tests.support.queue import TERM, World, broke, refused, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def test_a_lease_that_is_renewed_is_kept(queue: World) -> None:
    queue.job()
    claimed = queue.claimed()
    queue.age(10)
    pulse = queue.steps.renew("one", {claimed.step: claimed.lease}, TERM)
    assert not pulse.lost
    assert not pulse.cancelled
    queue.age(10)
    assert queue.steps.expire(10) == []


def test_a_lease_that_ran_out_can_be_renewed_while_nobody_took_it(queue: World) -> None:
    queue.job()
    claimed = queue.claimed()
    queue.age(60)
    assert not queue.steps.renew("one", {claimed.step: claimed.lease}, TERM).lost
    assert queue.steps.expire(10) == []


def test_a_zombie_is_told_and_refused_everywhere(queue: World) -> None:
    job = queue.job()
    zombie = queue.claimed("zombie")
    queue.age(60)
    assert queue.steps.expire(10) == [zombie.step]
    heir = queue.claimed("heir")
    assert (heir.step, heir.lease.attempt) == (zombie.step, 2)
    before = queue.show(job)
    assert queue.steps.renew("zombie", {zombie.step: zombie.lease}, TERM).lost == {zombie.step}
    with pytest.raises(LeaseLost):
        queue.steps.report(zombie, ProgressNote(message="boo", progress=0.9), ["boo"])
    for outcome in (None, broke(), refused()):
        with pytest.raises(LeaseLost):
            queue.settle(zombie, outcome)
    assert queue.show(job) == before
    queue.settle(heir)
    queue.work()
    after = queue.show(job)
    assert after.state is JobState.SUCCEEDED
    lost, won = after.steps[0].attempts
    assert (lost.worker, lost.outcome) == ("zombie", "broke")
    assert lost.fault is not None
    assert lost.fault.code == "worker_lost"
    assert (won.worker, won.outcome) == ("heir", "produced")


def test_nothing_can_be_settled_twice(queue: World) -> None:
    queue.job()
    claimed = queue.claimed()
    queue.settle(claimed)
    with pytest.raises(LeaseLost):
        queue.settle(claimed)


def test_a_job_that_is_gone_has_no_lease(queue: World) -> None:
    queue.job()
    claimed = replace(queue.claimed(), job=str(uuid4()))
    with pytest.raises(LeaseLost):
        queue.settle(claimed)


def test_many_leases_are_renewed_at_once(queue: World) -> None:
    for _ in range(5):
        queue.job()
    claims = [queue.claimed() for _ in range(5)]
    gone = claims.pop()
    queue.settle(gone)
    leases = {each.step: each.lease for each in [*claims, gone]}
    assert queue.steps.renew("one", leases, TERM).lost == {gone.step}
    assert queue.steps.renew("two", leases, TERM).lost == set(leases)
    assert queue.steps.renew("one", {}, TERM).lost == set()


def test_leases_are_taken_back_a_few_at_a_time(queue: World) -> None:
    for _ in range(3):
        queue.job()
    for _ in range(3):
        queue.claimed(term=timedelta(seconds=-1))
    assert len(queue.steps.expire(2)) == 2
    assert len(queue.steps.expire(2)) == 1


def test_the_database_knows_the_moves(queue: World) -> None:
    """Each pair of states, legal or not: it is refused where MOVES does not have it."""
    queue.job()
    put = text(
        "UPDATE steps SET state = :state, worker = CASE WHEN :state = 'running' THEN 'w' END,"
        " lease_expires = CASE WHEN :state = 'running' THEN now() END"
    )
    legal = {(before, after) for (before, _), after in MOVES.items()}
    for before, after in product(State, State):
        with queue.database.begin() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(put, {"state": before.value})
        refused = before is not after and (before, after) not in legal
        with (
            pytest.raises(IntegrityError) if refused else nullcontext(),
            queue.database.begin() as session,
        ):
            session.execute(put, {"state": after.value})


def test_history_cannot_be_changed(queue: World) -> None:
    queue.job()
    with pytest.raises(IntegrityError), queue.database.begin() as session:
        session.execute(text("UPDATE events SET kind = 'nothing'"))


def test_a_running_step_has_a_lease(queue: World) -> None:
    queue.job()
    with pytest.raises(IntegrityError), queue.database.begin() as session:
        session.execute(text("UPDATE steps SET state = 'running'"))
