"""Fairness: whoever sent two hundred jobs does not keep the others waiting for all of them."""

from itertools import pairwise

from tests.support.queue import world


def test_two_tenants_take_turns(database_url: str) -> None:
    with world(database_url) as queue:
        queue.model("crowd", "c")
        for number in range(100):
            queue.job("crowd", f"c{number}")
        for number in range(100):
            queue.job("late", f"l{number}")
        order = []
        while (claimed := queue.claim()) is not None:
            order.append(claimed.job)
        tenants = {job: _tenant(queue, job) for job in order}
        served = [tenants[job] for job in order]
    assert len(served) == 200
    assert sum(one == other for one, other in pairwise(served)) <= len(served) // 2
    assert abs(served[:20].count("crowd") - 10) <= 1
    assert abs(served[:100].count("crowd") - 50) <= 1


def _tenant(queue, job: str) -> str:
    from uuid import UUID

    from shared.adapters.tables import JobRow

    with queue.database.begin() as session:
        return session.get_one(JobRow, UUID(job)).tenant


def test_who_was_idle_has_saved_nothing_up(database_url: str) -> None:
    with world(database_url) as queue:
        for number in range(10):
            queue.job("busy", f"b{number}")
        for _ in range(10):
            queue.settle(queue.claimed())
        early = queue.job("busy", "b10")
        newcomer = [queue.job("idle", f"i{number}") for number in range(5)]
        turns = _turns(queue)
        assert turns[newcomer[0].id] <= turns[early.id]
        assert turns[newcomer[0].id] >= 1


def _turns(queue) -> dict[str, int]:
    from sqlalchemy import select

    from shared.adapters.tables import JobRow

    with queue.database.begin() as session:
        return {str(id): turn for id, turn in session.execute(select(JobRow.id, JobRow.turn))}
