"""The sweeper: nothing that was forgotten stays so."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from shared.adapters.database import Database
from shared.domain.errors import BrokerAway, DatabaseAway, StoreAway
from shared.domain.gpus import Needs
from shared.domain.offers import Queue
from shared.services.health import Health
from shared.services.sweep import Sweep
from tests.support.queue import TERM, World, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def sweeper(
    queue: World, clock: Callable[[], float], drop: Callable[[], int] = lambda: 0
) -> Sweep:
    return Sweep(queue.steps, queue.fleet, queue.bell, drop, term=TERM, clock=clock)


def test_workers_may_renew_before_their_leases_are_taken(queue: World) -> None:
    queue.job()
    claimed = queue.claimed(term=timedelta(seconds=-1))
    now = [100.0]
    sweep = sweeper(queue, lambda: now[0])
    assert sweep().expired == ()
    now[0] += 14
    assert sweep().expired == ()
    now[0] += 1
    assert sweep().expired == (claimed.step,)


def test_after_an_outage_they_may_again(queue: World) -> None:
    now = [100.0]
    sweep = sweeper(queue, lambda: now[0])
    sweep()
    now[0] += 60
    queue.steps._database = Database("postgresql://nobody@127.0.0.1:1/none")
    assert sweep().troubles == ("database_unavailable", "database_unavailable")
    queue.steps._database = queue.database
    queue.job()
    claimed = queue.claimed(term=timedelta(seconds=-1))
    assert sweep().expired == ()
    now[0] += 15
    assert sweep().expired == (claimed.step,)


def test_it_rings_for_the_unheard_once_for_each_slot_on_line(queue: World) -> None:
    queue.crowd("default", 5)
    sweep = sweeper(queue, lambda: 0.0)
    queue.bell.times.clear()
    assert sweep().rung == 0
    queue.age(5)
    assert sweep().rung == 2
    assert queue.bell.times == {"cpu": 2}
    queue.fleet.leave("one")
    assert sweep().rung == 0


def test_one_part_away_keeps_no_other_from_its_work(queue: World) -> None:
    def fail() -> int:
        raise StoreAway("gone")

    def deaf(bell: str, times: int = 1) -> None:
        raise BrokerAway("gone")

    queue.job()
    claimed = queue.claimed(term=timedelta(seconds=-1))
    queue.job()
    queue.age(5)
    now = [0.0]
    sweep = sweeper(queue, lambda: now[0], fail)
    sweep()
    now[0] += 60
    queue.bell.ring = deaf
    report = sweep()
    assert report.expired == (claimed.step,)
    assert report.troubles == ("broker_unavailable", "store_unavailable")


def test_a_part_that_fails_in_an_unforeseen_way_stops_no_other(queue: World) -> None:
    def burst(age: timedelta) -> dict[tuple[Queue, Needs], int]:
        raise ValueError("what no version ever wrote")

    sweep = sweeper(queue, lambda: 0.0, lambda: 3)
    queue.steps.unheard = burst
    report = sweep()
    assert report.dropped == 3
    assert report.troubles == ("internal",)


def test_health_says_which_part_is_ill(queue: World) -> None:
    def gone() -> None:
        raise DatabaseAway("The database is gone.")

    health = Health({"database": queue.database.ping, "store": gone})
    assert health() == {"database": None, "store": "The database is gone."}
