"""Parts die while jobs are under way: every job still ends, once."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.resnet18 import write_pt2
from modelferry import Modelferry
from modelferry.embedded.postgres import Postgres
from modelferry.embedded.service import Service
from modelferry.embedded.valkey import Valkey
from modelferry.job import Job
from modelferry.types import JobView, StepView
from tests.conftest import IMPATIENT, Running
from tests.support.files import onnx_model

PATIENCE = 240  # seconds; a bound against hanging, not a measurement


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """ResNet-18 as .pt2, with weights of its own each time: steps that last for seconds."""
    folder = tmp_path_factory.mktemp("resnet")
    seeds = iter(range(100))

    def write() -> Path:
        seed = next(seeds)
        path = folder / f"resnet-{seed}.pt2"
        write_pt2(path, seed=seed)
        return path

    return write


@pytest.fixture
def outer(tmp_path: Path, postgres: Postgres, database_url: str) -> Iterator["Outer"]:
    """A service on a broker and a database that the test may kill."""
    broker = Valkey(tmp_path / "broker", append_only=False)
    broker.start()
    told = {
        "MODELFERRY_DATABASE_URL": database_url,
        "MODELFERRY_BROKER_URL": broker.url,
        "MODELFERRY_API_PORT": "0",
    }
    supervisor = Service(tmp_path / "home", {**os.environ, **IMPATIENT, **told})
    supervisor.start()
    yield Outer(supervisor, broker, postgres)
    supervisor.stop()
    broker.stop()


class Outer:
    def __init__(self, supervisor: Service, broker: Valkey, database: Postgres) -> None:
        self.url = supervisor.url
        self.broker = broker
        self.database = database


def converting(job: Job) -> StepView:
    """The convert step, once it runs and has said so."""
    for view in job.watch(timeout=PATIENCE):
        for step in view.steps:
            if step.kind == "convert" and step.state == "running":
                return step
    message = "the job ended before its conversion was seen running"
    raise AssertionError(message)


def ended_once(job: Job) -> JobView:
    """The succeeded job, after it was held against its own history."""
    view = job.wait(timeout=PATIENCE)
    assert view.report.proof == "verified"
    done = Counter(event.step_id for event in job.events() if event.kind == "step.done")
    assert set(done.values()) == {1}
    assert set(done) == {step.id for step in view.steps if step.state == "done"}
    return view


def test_worker_killed_in_a_step(service: Running, resnet: Callable[[], Path]) -> None:
    with Modelferry(service.url) as ferry:
        job = ferry.submit(ferry.upload(resnet()), to="onnx")
        step = converting(job)
        os.kill(service.pid("worker"), signal.SIGKILL)
        view = ended_once(job)
        kinds = [event.kind for event in job.events() if event.step_id == step.id]
    (again,) = [each for each in view.steps if each.id == step.id]
    first, second = again.attempts
    assert (first.outcome, first.fault and first.fault.code) == ("broke", "worker_lost")
    assert second.outcome == "produced"
    assert kinds.count("step.retrying") == 1
    assert kinds.count("step.running") == 2


def test_broker_killed_and_emptied_while_jobs_wait(outer: Outer) -> None:
    with Modelferry(outer.url) as ferry:
        models = [upload(ferry, scale=1 + number / 64) for number in range(50)]
        jobs = [ferry.submit(model, to="onnx", options={"simplify": True}) for model in models]
        outer.broker.kill()
        outer.broker.wipe()
        waiting = [job for job in jobs if job.refresh().state == "queued"]
        assert waiting, "the jobs ended before the broker was killed"
        outer.broker.start()
        for job in jobs:
            ended_once(job)


def test_database_away_while_a_step_runs(outer: Outer, resnet: Callable[[], Path]) -> None:
    with Modelferry(outer.url) as ferry:
        job = ferry.submit(ferry.upload(resnet()), to="onnx")
        step = converting(job)
        outer.database.kill()
        outer.database.restart()
        view = ended_once(job)
    (same,) = [each for each in view.steps if each.id == step.id]
    assert [attempt.outcome for attempt in same.attempts] == ["produced"]


def upload(ferry: Modelferry, scale: float) -> str:
    import onnx

    return ferry.upload(onnx.load_from_string(onnx_model(scale))).id
