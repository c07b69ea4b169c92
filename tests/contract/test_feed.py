"""The feed: watchers hear of what was committed, also after the connection was lost."""

from collections.abc import Iterator
from queue import Empty, Queue

import psycopg
import pytest

from shared.adapters.feed import EventFeed
from tests.support.queue import World, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


@pytest.fixture
def feed(database_url: str) -> Iterator[EventFeed]:
    made = EventFeed(database_url)
    assert made.listening.wait(10)
    yield made
    made.close()


def hear(heard: "Queue[str | None]", wanted: str | None) -> None:
    while heard.get(timeout=10) != wanted:
        pass


def test_each_transaction_is_heard_of_once(queue: World, feed: EventFeed) -> None:
    heard: Queue[str | None] = Queue()
    feed.subscribe(heard.put)
    job = queue.job()
    hear(heard, job.id)
    queue.claimed()
    hear(heard, job.id)
    with pytest.raises(Empty):
        heard.get(timeout=0.2)


def test_who_unsubscribed_hears_nothing(queue: World, feed: EventFeed) -> None:
    heard: Queue[str | None] = Queue()
    silent: Queue[str | None] = Queue()
    feed.subscribe(silent.put)()
    feed.subscribe(heard.put)
    hear(heard, queue.job().id)
    assert silent.empty()


def test_a_failing_watcher_disturbs_no_other(queue: World, feed: EventFeed) -> None:
    def fail(job: str | None) -> None:
        raise ValueError(job)

    heard: Queue[str | None] = Queue()
    feed.subscribe(fail)
    feed.subscribe(heard.put)
    hear(heard, queue.job().id)
    hear(heard, queue.job().id)


def test_after_a_reconnect_everything_is_to_be_looked_at(
    queue: World, feed: EventFeed, database_url: str
) -> None:
    heard: Queue[str | None] = Queue()
    feed.subscribe(heard.put)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    hear(heard, None)
    hear(heard, queue.job().id)
