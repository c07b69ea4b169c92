"""Fairness: whoever sent a hundred jobs does not keep the others waiting for all of them."""

from itertools import pairwise
from uuid import UUID

from shared.adapters.tables import JobRow
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


def _turn(queue: World, job: str) -> int:
    with queue.database.begin() as session:
        return session.get_one(JobRow, UUID(job)).turn
