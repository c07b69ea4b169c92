"""Fairness: whoever sent a hundred jobs does not keep the others waiting for all of them."""

from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

import pytest

from shared.adapters.tables import JobRow
from shared.domain.gpus import Needs
from tests.support.gpus import H100, gpu_offer, ready
from tests.support.queue import World, world


def test_two_tenants_take_turns(database_url: str) -> None:
    with world(database_url) as queue:
        tenant_of = {
            job.id: job.tenant for tenant in ("early", "late") for job in queue.crowd(tenant, 100)
        }
        served = []
        while (claimed := queue.claim()) is not None:
            served.append(tenant_of[claimed.job])
    assert len(served) == 200
    assert served[:20].count("late") == 10
    assert served[:100].count("late") == 50
    assert sum(one == other for one, other in pairwise(served)) <= 100


def test_later_steps_keep_their_jobs_place(database_url: str) -> None:
    with world(database_url) as queue:
        first, *_ = queue.crowd("one", 3)
        kinds = [(each.job == first.id, each.action.kind) for each in queue.work(3)]
    assert kinds == [(True, "inspect"), (True, "convert"), (True, "verify")]


def test_who_was_idle_has_saved_nothing_up(database_url: str) -> None:
    with world(database_url) as queue:
        queue.crowd("busy", 10)
        for _ in range(8):
            queue.claimed()
        newcomer, *_ = queue.crowd("idle", 2)
        assert _turn(queue, newcomer.id) == 9
        assert _turn(queue, queue.job("busy").id) == 11


def test_nobody_pays_for_the_time_when_nothing_waited(database_url: str) -> None:
    with world(database_url) as queue:
        queue.crowd("busy", 5)
        while queue.claim():
            pass
        assert _turn(queue, queue.job("idle").id) == 5


def test_who_waits_for_a_gpu_that_is_not_there_holds_up_no_time(queue_with_backlog: World) -> None:
    """Else a newcomer would have a turn of long ago, and go before all of the busy one's jobs."""
    queue = queue_with_backlog
    newcomer, *_ = queue.crowd("idle", 2)
    assert _turn(queue, newcomer.id) == 20
    queue.fleet.announce(gpu_offer("g", H100))
    assert _turn(queue, queue.job("late").id) == 1


@pytest.fixture
def queue_with_backlog(database_url: str) -> Iterator[World]:
    """Somebody's engine waits for an H100 since turn 1; the busy one is at turn 20 by now."""
    with world(database_url) as queue:
        ready(queue, Needs(gpu="H100"), tenant="waiting")
        queue.crowd("busy", 20)
        for _ in range(19):
            queue.claimed()
        yield queue


def _turn(queue: World, job: str) -> int:
    with queue.database.begin() as session:
        return session.get_one(JobRow, UUID(job)).turn
