"""Six workers with GPUs of three kinds, where only the builder is not real: it sleeps."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from shared.domain.gpus import GIB, Gpu
from shared.domain.jobs import JobState
from shared.domain.plans import Convert
from shared.domain.views import AttemptView, JobView, StepView
from shared.settings import Settings
from tests.support.gpus import device
from tests.support.yard import Yard

H100 = [device("NVIDIA H100 80GB HBM3", "9.0", 80) for _ in range(2)]
H200 = [device("NVIDIA H200", "9.0", 139) for _ in range(2)]
L4 = [device("NVIDIA L4", "8.9", 22) for _ in range(4)]

WISHES: tuple[dict[str, Any], ...] = (
    {"gpu": "H100"},
    {"gpu": "H200"},
    {"gpu": "L4"},
    {"compute_capability": "8.9"},
    {"compute_capability": "9.0"},
    {"gpu_memory": 40 * GIB},
    {"gpu_memory": 100 * GIB},
    {},
)
JOBS, BATCH = 300, 20
NAP = 0.2
IDLE = 5
"""How many builds' time, as they take on this machine now, a device that fits may idle while a
step is ready, beside SWEPT. It is less than one, most of the time."""

SWEPT = timedelta(seconds=2)
"""What a doorbell misses, the sweeper rings for again after so long: ready for a second, and
found in its next round."""

LONG_NAP, MANY = 1.5, 16  # long beside what a step costs, which grows when cores are busy
PATIENCE = 300  # seconds; a bound against hanging, not a measurement


@pytest.fixture
def yard(settings: Settings, tmp_path: Path) -> Iterator[Yard]:
    made = Yard(settings.model_copy(update={"sweep_interval": 0.5}), tmp_path)
    made.sweeper()
    yield made
    made.close()


def test_every_step_goes_to_a_device_that_fits_and_none_of_those_idles(yard: Yard) -> None:
    mixed = [yard.gpu_worker(gpu, queues="cpu,gpu") for gpu in (H100[0], H200[0], L4[0])]
    alone = [yard.gpu_worker(gpu) for gpu in (H100[1], H200[1], L4[1])]
    for worker in (*mixed, *alone):
        worker.await_ready()
    model = _inspected(yard)
    some = random.Random(7)
    wishes = [
        {"seconds": NAP, "label": str(number)} | some.choice(WISHES) for number in range(JOBS)
    ]
    jobs = [
        job
        for start in range(0, JOBS, BATCH)
        for job in yard.builds(model, wishes[start : start + BATCH])
    ]
    steps = [_built(view) for view in _ended(yard, jobs)]

    devices = (*H100, *H200, *L4[:2])
    attempts = [_only(step) for step, _ in steps]
    for attempt, (_, action) in zip(attempts, steps, strict=True):
        assert attempt.gpu is not None
        assert action.needs.met_by(attempt.gpu)
    assert {each.gpu.uuid for each in attempts if each.gpu} == {each.uuid for each in devices}

    busy = {gpu.uuid: _busy(gpu, attempts) for gpu in devices}
    for uuid, spans in busy.items():
        for (_, ended), (began, _) in pairwise(spans):
            assert ended <= began, f"two steps at once on {uuid}"
    build = median(ended - began for spans in busy.values() for began, ended in spans)
    most = SWEPT + IDLE * build
    for (step, action), attempt in zip(steps, attempts, strict=True):
        assert step.ready_at is not None
        for gpu in devices:
            if action.needs.met_by(gpu):
                idle = _idle(busy[gpu.uuid], step.ready_at, attempt.started_at)
                assert idle <= most, f"{gpu.name} idled for {idle} while {step.id} was ready"


def test_four_workers_of_a_kind_are_three_times_as_fast_as_one(yard: Yard) -> None:
    yard.gpu_worker(L4[0], queues="cpu,gpu").await_ready()
    yard.gpu_worker(H200[0]).await_ready()
    model = _inspected(yard)
    one = _makespan(yard, model, "one")
    for worker in [yard.gpu_worker(gpu) for gpu in L4[1:]]:
        worker.await_ready()
    first = [{"label": f"first {number}", "gpu": "L4"} for number in range(2 * len(L4))]
    _ended(yard, yard.builds(model, first))  # a worker's first child costs more than any other
    four = _makespan(yard, model, "four")
    assert one / four >= 3, f"{one} with one worker, {four} with four"


def _inspected(yard: Yard) -> str:
    """A model whose inspection is known, so that its jobs begin with the build."""
    model = yard.model()
    ended = yard.ended(yard.build(model, label="warm"), PATIENCE)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return model


def _makespan(yard: Yard, model: str, label: str) -> timedelta:
    wishes = [
        {"seconds": LONG_NAP, "label": f"{label} {number}", "gpu": "L4"} for number in range(MANY)
    ]
    jobs = yard.builds(model, wishes)
    attempts = [_only(_built(view)[0]) for view in _ended(yard, jobs)]
    ends = [each.ended_at for each in attempts if each.ended_at]
    return max(ends) - min(each.started_at for each in attempts)


def _ended(yard: Yard, jobs: Sequence[str]) -> list[JobView]:
    deadline = time.monotonic() + PATIENCE
    for job in jobs:
        while not yard.job(job).state.final:
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.3)  # seldom: whoever looks takes time from those who work
    views = [yard.job(job) for job in jobs]
    assert {view.state for view in views} == {JobState.SUCCEEDED}, {view.error for view in views}
    return views


def _built(view: JobView) -> tuple[StepView, Convert]:
    step = next(each for each in view.steps if each.kind == "convert")
    return step, view.plan.routes[step.route].converts[0]


def _only(step: StepView) -> AttemptView:
    (attempt,) = step.attempts
    return attempt


Span = tuple[datetime, datetime]


def _busy(gpu: Gpu, attempts: Sequence[AttemptView]) -> list[Span]:
    return sorted(
        (each.started_at, each.ended_at)
        for each in attempts
        if each.gpu == gpu and each.ended_at is not None
    )


def _idle(busy: Sequence[Span], since: datetime, end: datetime) -> timedelta:
    """The longest time without a step that a device had in between."""
    longest, free = timedelta(0), since
    for began, ended in busy:
        if began >= end:
            break
        longest = max(longest, began - free)
        free = max(free, ended)
    return max(longest, end - free)
