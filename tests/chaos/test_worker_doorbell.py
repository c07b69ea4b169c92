"""A worker hears again after its broker was killed and came back with nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from modelferry.stack import Valkey
from shared.adapters.doorbell import Bell
from shared.domain.errors import BrokerAway
from shared.domain.offers import Queue

ROOT = Path(__file__).parents[2]
PATIENCE = 15  # seconds


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def heard(broker: Valkey, tmp_path: Path) -> Iterator[Callable[[], int]]:
    """How many bells were answered so far."""
    file = tmp_path / "heard"
    file.touch()
    env = {
        **os.environ,
        "MODELFERRY_DATABASE_URL": "postgresql://nobody@nowhere/nothing",
        "MODELFERRY_BROKER_URL": broker.url,
        "MODELFERRY_STORE_URL": tmp_path.as_uri(),
        "PYTHONPATH": str(ROOT),
    }
    command = (sys.executable, str(ROOT / "tests" / "chaos" / "doorbell_listener.py"), str(file))
    listener = subprocess.Popen(command, env=env, cwd=ROOT)
    yield lambda: file.stat().st_size
    listener.terminate()
    assert listener.wait(10) == 0


def _ring(broker: Valkey, times: int = 1) -> None:
    Bell(broker.url).ring(Queue.CPU, times)


def _hears_again(broker: Valkey, heard: Callable[[], int]) -> None:
    before, deadline = heard(), time.monotonic() + PATIENCE
    while heard() == before:
        assert time.monotonic() < deadline, "the listener is deaf"
        with suppress(BrokerAway):
            _ring(broker)
        time.sleep(0.2)


def test_a_broker_that_is_killed_while_the_worker_is_busy(
    broker: Valkey, heard: Callable[[], int]
) -> None:
    """kombu counts unacknowledged messages of a dead broker for ever; doorbells have none."""
    _hears_again(broker, heard)
    for number in range(5):
        before = heard()
        _ring(broker, 100)
        while heard() < before + 10:
            time.sleep(0.01)
        broker.kill()
        broker.wipe()
        time.sleep(0.3 * number)
        broker.start()
        _hears_again(broker, heard)


def test_a_broker_that_freezes_and_dies(broker: Valkey, heard: Callable[[], int]) -> None:
    _hears_again(broker, heard)
    for _ in range(2):
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGSTOP)
        time.sleep(random.uniform(0.5, 2))
        broker.kill()
        broker.wipe()
        broker.start()
        _hears_again(broker, heard)
