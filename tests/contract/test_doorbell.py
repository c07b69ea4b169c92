"""The doorbell on a real broker: heard when it is there, and quickly known when it is not."""

import socket
import time

import pytest
import redis

from shared.adapters.doorbell import TASK, Bell, kombu_url
from shared.domain.errors import BrokerAway


def test_a_ring_is_one_message_in_its_queue(broker_url: str) -> None:
    bell = Bell(broker_url)
    bell.check()
    bell.ring("cpu")
    bell.ring("cpu", 2)
    with redis.Redis.from_url(broker_url) as client:
        assert client.llen("cpu") == 3
        assert TASK.encode() in client.lindex("cpu", 0)


@pytest.fixture
def silent() -> int:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("act", [Bell.check, lambda bell: bell.ring("cpu")])
def test_a_broker_that_is_gone_is_known_at_once(act) -> None:
    bell = Bell("redis://127.0.0.1:1/0")
    began = time.monotonic()
    with pytest.raises(BrokerAway):
        act(bell)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("act", [Bell.check, lambda bell: bell.ring("cpu")])
def test_a_broker_that_hangs_is_known_soon(act, silent: int) -> None:
    bell = Bell(f"redis://127.0.0.1:{silent}/0")
    began = time.monotonic()
    with pytest.raises(BrokerAway):
        act(bell)
    assert time.monotonic() - began < 5


def test_a_broker_that_comes_back_is_found_again(valkey, broker_url: str) -> None:
    bell = Bell(broker_url)
    bell.ring("cpu")
    valkey.kill()
    with pytest.raises(BrokerAway):
        bell.ring("cpu")
    with pytest.raises(BrokerAway):
        bell.check()
    valkey.restart()
    bell.check()
    bell.ring("cpu")


def test_a_sockets_url_is_written_as_celery_writes_it() -> None:
    assert kombu_url("unix:///run/v.sock") == "redis+socket:///run/v.sock"
    assert kombu_url("redis://h:1/0") == "redis://h:1/0"
