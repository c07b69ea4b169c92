"""Workers with GPUs that die in a build, share a device, or have two of them."""

import json
import signal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.views import StepView
from tests.support.gpus import device
from tests.support.yard import Process, Yard, until

FIRST, SECOND = (device("NVIDIA L4", "8.9", 22) for _ in range(2))
H200 = device("NVIDIA H200", "9.0", 139)


def _ready(*workers: Process) -> None:
    for worker in workers:
        worker.await_ready()


def _succeeds(yard: Yard, job: str) -> None:
    ended = yard.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended.error


def _build(yard: Yard, job: str) -> StepView:
    return next(step for step in yard.job(job).steps if step.kind == "convert")


class Diary:
    """What the builders wrote down."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self, what: str) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        written = self.path.read_text().splitlines()
        return [line for line in map(json.loads, written) if line["what"] == what]

    def spans(self) -> list[tuple[float, float, dict[str, Any]]]:
        ended = {line["pid"]: line["when"] for line in self.lines("ended")}
        return [(line["when"], ended[line["pid"]], line) for line in self.lines("began")]


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path / "diary")


def _stored(yard: Yard) -> list[bytes]:
    store = Path(yard.settings.store_url.removeprefix("file://"))
    return [each.read_bytes() for each in store.rglob("*") if each.is_file()]


def test_a_worker_killed_in_a_build_is_followed_by_another_of_its_kind(
    yard: Yard, diary: Diary
) -> None:
    yard.sweeper()
    yard.worker(tensorrt_rtx_home=yard.folder)  # nothing there: nothing is checked beforehand
    doomed = yard.gpu_worker(FIRST)
    _ready(doomed)
    job = yard.build(yard.model(), gpu="L4", first=600, diary=str(diary.path))
    until(lambda: diary.lines("began"))
    others = [yard.gpu_worker(SECOND), yard.gpu_worker(H200)]
    _ready(*others)
    doomed.kill()
    until(lambda: not doomed.kin(), 10)
    ended = yard.ended(job)
    assert ended.state is JobState.SUCCEEDED, ended.error
    lost, built = _build(yard, job).attempts
    assert lost.fault is not None
    assert (lost.outcome, lost.fault.code) == ("broke", "worker_lost")
    assert (lost.gpu, built.gpu) == (FIRST, SECOND)
    assert len(diary.lines("ended")) == 1
    assert not any(b"half an engine" in each for each in _stored(yard))
    assert ended.output is not None
    assert [step.output for step in ended.steps if step.output] == [ended.output]


def test_what_a_killed_builder_left_is_removed(yard: Yard, diary: Diary) -> None:
    yard.sweeper()
    yard.worker(tensorrt_rtx_home=yard.folder)  # nothing there: nothing is checked beforehand
    doomed = yard.gpu_worker(FIRST)
    _ready(doomed)
    yard.build(yard.model(), first=600, diary=str(diary.path))
    until(lambda: diary.lines("began"))
    partial = [each for each in yard.settings.work_dir.rglob("model.engine") if each.is_file()]
    assert [each.read_bytes() for each in partial] == [b"half an engine"]
    doomed.kill()
    until(lambda: not doomed.kin(), 10)
    _ready(yard.gpu_worker(H200))
    assert not partial[0].exists()


def test_two_workers_that_see_one_device_never_use_it_at_once(yard: Yard, diary: Diary) -> None:
    yard.sweeper()
    yard.worker(tensorrt_rtx_home=yard.folder)  # nothing there: nothing is checked beforehand
    pair = [yard.gpu_worker(FIRST), yard.gpu_worker(FIRST)]
    _ready(*pair)
    wishes = [{"label": str(number), "seconds": 0.2} for number in range(16)]
    jobs = yard.builds(yard.model(), [each | {"diary": str(diary.path)} for each in wishes])
    for job in jobs:
        _succeeds(yard, job)
    spans = diary.spans()
    assert len(spans) == len(jobs)
    for (began, ended, _), (other_began, other_ended, _) in combinations(spans, 2):
        assert ended <= other_began or other_ended <= began
    workers = {_build(yard, job).attempts[0].worker for job in jobs}
    for each in pair:  # the lock knows no turns: who has the device may keep taking it
        if len(workers) == 1 and f"-{each.popen.pid}-" in min(workers):
            each.kill()
            (last,) = yard.builds(yard.model(), [{"label": "last", "diary": str(diary.path)}])
            _succeeds(yard, last)
            workers.add(_build(yard, last).attempts[-1].worker)
    assert len(workers) == 2, "one of them never got the device"


def test_a_worker_of_two_gpus_builds_on_both_at_once(yard: Yard, diary: Diary) -> None:
    yard.sweeper()
    yard.worker(tensorrt_rtx_home=yard.folder)  # nothing there: nothing is checked beforehand
    _ready(yard.gpu_worker(FIRST, H200))
    wishes = [{"label": str(number), "seconds": 1.0} for number in range(6)]
    jobs = yard.builds(yard.model(), [each | {"diary": str(diary.path)} for each in wishes])
    for job in jobs:
        _succeeds(yard, job)
    spans = diary.spans()
    assert len({line["pid"] for _, _, line in spans}) == len(jobs)
    for _, _, line in spans:
        assert line["visible"] == line["gpu"], "a child saw more than its own device"
    assert {line["gpu"] for _, _, line in spans} == {FIRST.uuid, H200.uuid}
    overlaps = [
        (one["gpu"], other["gpu"])
        for (began, ended, one), (begins, ends, other) in combinations(spans, 2)
        if began < ends and begins < ended
    ]
    assert overlaps
    assert all(one != other for one, other in overlaps)


def test_steps_for_the_cpu_do_not_keep_a_gpu_waiting(yard: Yard) -> None:
    """One worker for both: its slot of the CPU is taken by a step that hangs."""
    yard.sweeper()
    both = yard.gpu_worker(FIRST, queues="cpu,gpu")
    _ready(both)
    model = yard.model()
    _succeeds(yard, yard.build(model))
    hanging, marker = yard.submit("hang")
    until(lambda: marker.exists() and marker.read_text())
    waiting, later = yard.submit("0")
    job = yard.build(model, label="meanwhile")
    _succeeds(yard, job)
    assert not later.exists(), "its slot of the CPU was taken"
    yard.services.control.cancel("default", hanging)
    _succeeds(yard, waiting)


def test_a_bell_that_finds_all_places_taken_is_passed_on(yard: Yard, diary: Diary) -> None:
    """No sweeper rings again: the idle thread of the busy worker must not swallow the bells."""
    busy = yard.gpu_worker(FIRST, queues="cpu,gpu")
    _ready(busy)
    model = yard.model()
    _succeeds(yard, yard.build(model))
    long = yard.build(model, label="long", first=600, diary=str(diary.path))
    until(lambda: diary.lines("began"))
    _ready(yard.gpu_worker(SECOND))
    jobs = yard.builds(model, [{"label": str(number)} for number in range(10)])
    for job in jobs:
        _succeeds(yard, job)
    assert _build(yard, long).state is State.RUNNING


def test_a_worker_whose_driver_is_missing_says_so_and_serves_the_rest(yard: Yard) -> None:
    blind = yard.worker(worker_queues="cpu,gpu")
    assert "gpu_missing" in blind.said
    (worker,) = yard.services.ask.workers()
    assert worker.offer.gpus == ()
    assert {each.queue.value for each in worker.offer.converters} == {"cpu"}
    assert any("NVIDIA driver" in sentence for sentence in worker.offer.missing)
    job, _ = yard.submit("0")
    _succeeds(yard, job)


def test_a_worker_with_nothing_to_serve_is_there_and_says_why(yard: Yard) -> None:
    idle = yard.worker(worker_queues="gpu")
    (worker,) = yard.services.ask.workers()
    assert worker.online
    assert worker.offer.capabilities == ()
    assert any("NVIDIA driver" in sentence for sentence in worker.offer.missing)
    idle.send(signal.SIGTERM)
    assert idle.popen.wait(20) == 0


def test_a_setting_that_names_no_folder_is_refused_by_its_name(yard: Yard) -> None:
    worker = yard.start("-m", "workers", tensorrt_rtx_home=yard.folder / "nowhere")
    assert worker.popen.wait(60) == 2
    assert "MODELFERRY_TENSORRT_RTX_HOME" in worker.said
    assert "nowhere" in worker.said


def test_a_folder_without_the_library_is_named_by_its_setting(yard: Yard) -> None:
    worker = yard.worker(tensorrt_rtx_home=yard.folder)
    told = f"MODELFERRY_TENSORRT_RTX_HOME={yard.folder}\0".encode()
    environs = [Path(f"/proc/{pid}/environ").read_bytes() for pid in worker.kin()]
    assert any(told in each for each in environs), "its children look where they are told"
    (offer,) = (each.offer for each in yard.services.ask.workers())
    assert any("MODELFERRY_TENSORRT_RTX_HOME" in sentence for sentence in offer.missing)
