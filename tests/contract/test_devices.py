"""One step on a device at a time, over processes that share nothing but the database."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from modelferry.embedded.postgres import Postgres
from shared.adapters.devices import LockedDevices
from shared.adapters.locks import Locks, key_of
from shared.domain.errors import DatabaseAway
from shared.domain.offers import Queue
from shared.domain.outcomes import Outcome, Produced
from shared.services.execute import Execute
from tests.support.execution import BUILD, ON_GPUS, Script, bench_in
from tests.support.yard import _lives, until

ROOT = Path(__file__).parents[2]
ONE, OTHER = "GPU-0a1b", "GPU-2c3d"

HOLD = """
    import sys
    from shared.adapters.devices import LockedDevices
    from shared.adapters.locks import Locks

    with LockedDevices(Locks(sys.argv[1])).alone(sys.argv[2]) as ours:
        print(ours, flush=True)
        sys.stdin.read()
"""


@contextmanager
def _devices(url: str) -> Iterator[LockedDevices]:
    locks = Locks(url)
    try:
        yield LockedDevices(locks)
    finally:
        locks.close()


@pytest.fixture
def devices(database_url: str) -> Iterator[LockedDevices]:
    with _devices(database_url) as made:
        yield made


@pytest.fixture
def others(database_url: str) -> Iterator[LockedDevices]:
    """Those of a second worker, as far as Postgres can tell."""
    with _devices(database_url) as made:
        yield made


@contextmanager
def _holder(url: str, uuid: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the device until it is killed or its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), url, uuid],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _is_free(devices: LockedDevices, uuid: str) -> bool:
    with devices.alone(uuid) as ours:
        return ours


def test_a_device_that_is_held_is_passed_by(devices: LockedDevices, others: LockedDevices) -> None:
    with devices.alone(ONE) as ours:
        assert ours
        assert not _is_free(others, ONE)
        assert not _is_free(others, ONE)
    assert _is_free(others, ONE)
    assert _is_free(devices, ONE)


def test_two_devices_are_held_at_once(devices: LockedDevices, others: LockedDevices) -> None:
    with devices.alone(ONE) as one, others.alone(OTHER) as other:
        assert one
        assert other
        assert not _is_free(others, ONE)
        assert not _is_free(devices, OTHER)
    with devices.alone(ONE) as one, devices.alone(OTHER) as other:
        assert one
        assert other


def test_threads_of_one_worker_keep_apart(devices: LockedDevices) -> None:
    inside, most, held = 0, 0, 0
    lock = threading.Lock()

    def step() -> None:
        nonlocal inside, most, held
        for _ in range(20):
            with devices.alone(ONE) as ours:
                if not ours:
                    continue
                with lock:
                    inside += 1
                    most, held = max(most, inside), held + 1
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=step) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert held


@pytest.mark.parametrize("workers", [1, 2])
def test_a_lock_is_waited_for_as_long_as_one_has_patience(database_url: str, workers: int) -> None:
    holders = Locks(database_url)
    askers = holders if workers == 1 else Locks(database_url)
    found: list[bool] = []

    def ask() -> None:
        with askers.held("name", 60) as ours:
            found.append(ours)

    asking = threading.Thread(target=ask)
    with holders.held("name", 0) as ours:
        assert ours
        asking.start()
        asking.join(0.2)
        assert not found
    asking.join()
    assert found == [True]
    holders.close()
    askers.close()


def test_a_block_that_fails_gives_the_device_back(
    devices: LockedDevices, others: LockedDevices
) -> None:
    with pytest.raises(KeyError), devices.alone(ONE):
        raise KeyError
    assert _is_free(others, ONE)


def test_a_worker_that_is_killed_gives_its_device_back(
    database_url: str, devices: LockedDevices
) -> None:
    with _holder(database_url, ONE) as holder:
        assert not _is_free(devices, ONE)
        assert _is_free(devices, OTHER)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        until(lambda: _is_free(devices, ONE))


def test_no_connection_of_the_pool_is_taken(database_url: str, devices: LockedDevices) -> None:
    with devices.alone(ONE), psycopg.connect(database_url, autocommit=True) as connection:
        query = (
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND application_name = 'modelferry-lock'"
        )
        assert connection.execute(query).fetchone() == (1,)


def _sessions(url: str) -> list[int]:
    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'modelferry-lock'"
    with psycopg.connect(url, autocommit=True) as connection:
        return [pid for (pid,) in connection.execute(query)]


def _end_sessions(url: str) -> None:
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'modelferry-lock'"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query)


def test_a_connection_that_broke_while_idle_is_made_anew(
    database_url: str, devices: LockedDevices
) -> None:
    assert _is_free(devices, ONE)
    _end_sessions(database_url)
    assert _is_free(devices, ONE)


def test_a_connection_that_breaks_takes_the_lock_and_leaves_the_step(
    database_url: str, devices: LockedDevices, others: LockedDevices
) -> None:
    with capture_logs() as logs, devices.alone(ONE) as ours:
        assert ours
        _end_sessions(database_url)
        until(lambda: _is_free(others, ONE))
    assert [each["log_level"] for each in logs if each["event"] == "lock_lost"] == ["warning"]
    assert _is_free(devices, ONE)


def test_two_workers_with_one_device_run_one_step_at_a_time(
    database_url: str, tmp_path: Path
) -> None:
    """Four threads of two workers, which see the same device, over one queue."""
    inside: list[int] = []
    most = 0

    def build(folder: Path, hear: object, stop: object) -> Outcome:
        nonlocal most
        inside.append(1)
        most = max(most, len(inside))
        (folder / "output.onnx").write_bytes(b"an engine")
        threading.Event().wait(0.01)
        inside.pop()
        return Produced(artifact=None, report={})

    one_device = ON_GPUS.model_copy(update={"gpus": ON_GPUS.gpus[:1]})
    with (
        bench_in(tmp_path / "one") as first,
        bench_in(tmp_path / "two") as second,
        _devices(database_url) as devices,
        _devices(database_url) as others,
    ):
        first.devices, second.devices, second.steps = devices, others, first.steps
        for number in range(12):
            first.step(BUILD, f"step-{number}")
        workers = [bench.using(Script(build), one_device) for bench in (first, second)]

        def answer(execute: Execute) -> None:
            while first.steps.waiting:
                execute(Queue.GPU)

        threads = [threading.Thread(target=answer, args=(each,)) for each in workers * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(first.steps.settled) == 12
    assert most == 1


def test_without_a_database_nothing_is_held_and_what_is_held_goes_on(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "own")
    server.start()
    try:
        with _devices(server.url("postgres")) as devices:
            with devices.alone(ONE) as ours:
                assert ours
                backends = _sessions(server.url("postgres"))
                server.kill()  # and its backends follow when they see it
                until(lambda: not any(_lives(pid) for pid in backends))
                with pytest.raises(DatabaseAway), devices.alone(OTHER):
                    raise AssertionError("there was nobody to ask")
            with pytest.raises(DatabaseAway), devices.alone(ONE):
                raise AssertionError("there was nobody to ask")
            server.restart()
            assert _is_free(devices, ONE)
    finally:
        server.stop()


def test_a_key_is_the_same_in_every_version_of_every_worker() -> None:
    assert key_of(f"device:{ONE}") == -6275701594879788612
    assert key_of(f"device:{ONE}") != key_of(f"device:{OTHER}")
