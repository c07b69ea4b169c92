"""A worker's life and death: nothing is lost, nothing is left."""

import os
import signal
import time
from pathlib import Path

from modelferry.embedded.ports import free_port
from modelferry.stack import Postgres
from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.views import StepView
from tests.support.yard import Process, Yard, until

TENANT = "default"


def _tricks(yard: Yard, job: str) -> StepView:
    return next(step for step in yard.job(job).steps if "tricks" in step.title)


def _begun(yard: Yard, first: str) -> tuple[str, Path]:
    job, marker = yard.submit(first)
    until(lambda: marker.exists() and marker.read_text())
    return job, marker


def _stopped(worker: Process, seconds: float) -> float:
    """Ask it to stop; how long that took."""
    started = time.monotonic()
    worker.send(signal.SIGTERM)
    worker.popen.wait(seconds)
    return time.monotonic() - started


def test_a_killed_worker_loses_no_job(yard: Yard) -> None:
    yard.sweeper()
    first = yard.worker()
    job, _ = _begun(yard, "hang")
    first.kill()
    until(lambda: not first.kin(), 3)
    yard.worker()
    ended = yard.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended.error
    attempts = _tricks(yard, job).attempts
    assert [each.outcome for each in attempts] == ["broke", "produced"]
    assert attempts[0].fault is not None
    assert attempts[0].fault.code == "worker_lost"


def test_a_child_that_crashes_is_tried_again(yard: Yard) -> None:
    yard.sweeper()
    yard.worker()
    job, _ = yard.submit("crash")
    assert yard.ended(job).state is JobState.SUCCEEDED
    first, second = _tricks(yard, job).attempts
    assert first.fault is not None
    assert first.fault.code == "crashed"
    assert "SIGSEGV" in first.fault.detail
    assert second.outcome == "produced"
    assert second.seconds is not None


def test_a_cancellation_reaches_a_running_child_within_two_seconds(yard: Yard) -> None:
    worker = yard.worker()
    job, marker = _begun(yard, "hang")
    child = int(marker.read_text())
    assert child in worker.kin()
    started = time.monotonic()
    yard.services.control.cancel(TENANT, job)
    until(lambda: yard.job(job).state.final, 5)
    assert time.monotonic() - started < 2
    assert yard.job(job).state is JobState.CANCELLED
    assert not Path(f"/proc/{child}").exists()


def test_the_worker_keeps_no_secret_from_its_user_but_all_from_its_children(yard: Yard) -> None:
    worker = yard.worker()
    _begun(yard, "hang")
    for pid in worker.kin():
        environ = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"MODELFERRY_" not in environ
        assert b"hush" not in environ


def test_a_worker_that_is_told_to_stop_hands_back_what_it_has(yard: Yard) -> None:
    worker = yard.worker()
    job, _ = _begun(yard, "hang")
    assert _stopped(worker, 10) < 8
    assert worker.popen.returncode == 0
    assert not worker.kin()
    step = _tricks(yard, job)
    assert step.state is State.READY
    assert step.attempts[0].fault is not None
    assert step.attempts[0].fault.code == "worker_lost"
    assert not any(each.online for each in yard.services.ask.workers())
    yard.sweeper()
    yard.worker()
    assert yard.ended(job).state is JobState.SUCCEEDED


def test_a_worker_that_is_told_to_stop_lets_a_short_step_end(yard: Yard) -> None:
    worker = yard.worker()
    job, _ = _begun(yard, "1")
    _stopped(worker, 10)
    assert _tricks(yard, job).state is State.DONE
    assert yard.job(job).state is JobState.QUEUED, "the next step is nobody's yet"
    assert not worker.kin()


def test_an_idle_worker_stops_at_once_and_leaves_nothing(yard: Yard) -> None:
    worker = yard.worker()
    assert _stopped(worker, 10) < 5
    assert worker.popen.returncode == 0
    assert not worker.kin()
    assert list(yard.settings.work_dir.iterdir()) == []


def test_a_container_can_ask_whether_its_worker_lives(yard: Yard) -> None:
    def asked() -> int:
        question = yard.start("-m", "workers.alive")
        question.popen.wait()
        return question.popen.returncode

    worker = yard.worker()
    assert asked() == 0
    worker.kill()
    until(lambda: asked() == 1, yard.settings.lease_term + 10)


def test_a_work_folder_that_others_may_write_to_is_refused(yard: Yard) -> None:
    yard.settings.work_dir.mkdir()
    yard.settings.work_dir.chmod(0o777)
    worker = yard.start("-m", "workers")
    assert worker.popen.wait(30) == 2
    assert "MODELFERRY_WORK_DIR" in worker.said


def test_leftovers_of_the_dead_are_removed(yard: Yard) -> None:
    first = yard.worker()
    _begun(yard, "hang")
    first.kill()
    assert len(list(yard.settings.work_dir.iterdir())) == 1
    second = yard.worker()
    (folder,) = yard.settings.work_dir.iterdir()
    assert f"-{second.popen.pid}-" in folder.name


def test_what_was_rung_for_while_nobody_listened_is_found(yard: Yard) -> None:
    _stopped(yard.worker(), 10)  # its offer is known from now on
    job, _ = yard.submit("0")
    yard.worker()
    assert yard.ended(job).state is JobState.SUCCEEDED


def test_running_work_survives_an_outage_of_the_database(yard: Yard, postgres: Postgres) -> None:
    yard.sweeper()
    yard.worker()
    job, _ = _begun(yard, "2")
    postgres.kill()
    time.sleep(5)  # the child ends in the meantime, and its lease
    postgres.start()
    ended = yard.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended.error
    assert [each.outcome for each in _tricks(yard, job).attempts] == ["produced"]
    until(lambda: any(each.online for each in yard.services.ask.workers()), 10)


def test_a_worker_waits_for_a_database_that_is_away_at_its_start(
    yard: Yard, postgres: Postgres
) -> None:
    postgres.kill()
    worker = yard.start(str(Path(__file__).with_name("light_worker.py")))
    until(lambda: "heartbeat_unheard" in worker.said)
    postgres.start()
    until(lambda: "worker_announced" in worker.said)
    yard.sweeper()
    job, _ = yard.submit("0")
    assert yard.ended(job).state is JobState.SUCCEEDED


def test_a_sweeper_ends_at_once(yard: Yard) -> None:
    sweeper = yard.sweeper()
    assert _stopped(sweeper, 5) < 3
    assert sweeper.popen.returncode == 0


def test_a_fork_server_that_is_killed_costs_no_job(yard: Yard) -> None:
    yard.sweeper()
    worker = yard.worker()
    (warm,) = (
        pid for pid in worker.kin() if b"workers.warm" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(warm, signal.SIGKILL)
    job, _ = yard.submit("0")
    assert yard.ended(job).state is JobState.SUCCEEDED


def test_a_worker_whose_broker_is_away_stops_when_it_is_told_to(yard: Yard) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    yard.settings = yard.settings.model_copy(update={"broker_url": away})
    worker = yard.start(str(Path(__file__).with_name("light_worker.py")))
    until(lambda: "Cannot connect" in worker.said)
    assert _stopped(worker, 10) < 8
    assert not worker.kin()
