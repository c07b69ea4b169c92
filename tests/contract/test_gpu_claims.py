"""GPU steps: who may take which, in which order, and once for each kind of device."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import text, update

from shared.adapters.claims import MOST_LINES
from shared.adapters.tables import StepRow
from shared.domain.gpus import GIB, Gpu, Needs
from shared.domain.lifecycle import State
from shared.domain.offers import Queue
from tests.support.gpus import (
    H100,
    H200,
    L4,
    V100,
    claim_on,
    claimed_on,
    device,
    gpu_offer,
    ready,
    work_on,
)
from tests.support.queue import TERM, World, broke, world

ALL = (H100, H200, L4, V100)


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


@pytest.mark.parametrize(
    ("needs", "fitting"),
    [
        (Needs(), {H100, H200, L4, V100}),
        (Needs(gpu="h200"), {H200}),
        (Needs(gpu="NVIDIA H100 80GB"), {H100}),
        (Needs(gpu="NVIDIA"), {H100, H200, L4}),
        (Needs(gpu="H10"), set()),
        (Needs(compute_capability="8.9"), {L4}),
        (Needs(compute_capability="9.0"), {H100, H200}),
        (Needs(at_least="8.0"), {H100, H200, L4}),
        (Needs(at_least="10.0"), set()),
        (Needs(memory=22 * GIB), {H100, H200, L4}),
        (Needs(memory=100 * GIB), {H200}),
        (Needs(gpu="H100", memory=100 * GIB), set()),
    ],
)
def test_a_step_goes_where_its_needs_are_met(
    queue: World, needs: Needs, fitting: set[Gpu]
) -> None:
    job = ready(queue, needs)
    for gpu in ALL:
        claimed = claim_on(queue, gpu)
        assert (claimed is not None) is (gpu in fitting), gpu.name
        if claimed is None:
            continue
        assert (claimed.job, claimed.gpu) == (job.id, gpu)
        queue.settle(claimed, broke())
        queue.control.cancel("default", job.id)
        job = ready(queue, needs)


def test_a_verification_goes_to_the_very_kind_that_built_the_engine(queue: World) -> None:
    """A 4070 Ti answers to the name of a 4070, and cannot run its engines."""
    plain = device("NVIDIA GeForce RTX 4070", "8.9", 12)
    other = device("NVIDIA GeForce RTX 4070 Ti", "8.9", 12)
    ready(queue, Needs(gpu="RTX 4070"))
    queue.settle(claimed_on(queue, plain))
    assert claim_on(queue, other) is None
    again = device("NVIDIA GeForce RTX 4070", "8.9", 12)
    assert claimed_on(queue, again).action.kind == "verify"


def test_nobody_takes_a_gpu_step_without_a_gpu(queue: World) -> None:
    ready(queue)
    capabilities = gpu_offer("g", H100).capabilities
    assert queue.steps.claim("g", capabilities, Queue.GPU, TERM) is None
    assert queue.steps.claim("g", capabilities, Queue.CPU, TERM) is None
    assert queue.steps.claim("g", ["inspect:onnx"], Queue.GPU, TERM, H100) is None


def test_a_device_serves_no_cpu_steps(queue: World) -> None:
    queue.job()
    capabilities = queue.offer.capabilities
    assert queue.steps.claim("g", capabilities, Queue.GPU, TERM, H100) is None
    assert queue.steps.claim("g", capabilities, Queue.CPU, TERM) is not None


def test_the_best_of_all_classes_is_taken(queue: World) -> None:
    """Priority, then turn: whatever else the steps need."""
    old = ready(queue, Needs(gpu="H100"), label=1)
    elsewhere = ready(queue, Needs(gpu="L4"), label=2, priority=9)
    young = ready(queue, label=3)
    urgent = ready(queue, Needs(memory=GIB), label=4, priority=6)
    order = [claimed_on(queue, H100).job for _ in range(3)]
    assert order == [urgent.id, old.id, young.id]
    assert claim_on(queue, H100) is None
    assert claimed_on(queue, L4).job == elsewhere.id


def test_the_order_holds_over_more_classes_than_are_merged(queue: World) -> None:
    jobs = [ready(queue, Needs(memory=GIB + n), label=n) for n in range(MOST_LINES + 5)]
    urgent = ready(queue, Needs(memory=9 * GIB), label="urgent", priority=7)
    served = [claimed_on(queue, H100).job for _ in range(len(jobs) + 1)]
    assert served == [urgent.id, *(job.id for job in jobs)]


def test_a_step_that_pauses_holds_up_no_other(queue: World) -> None:
    one, other = ready(queue, label=1), ready(queue, Needs(gpu="H100"), label=2)
    pause = update(StepRow).where(StepRow.job_id == UUID(one.id), StepRow.state == "ready")
    with queue.database.begin() as session:
        session.execute(pause.values(not_before=text("now() + interval '1 h'")))
    assert claimed_on(queue, H100).job == other.id
    assert claim_on(queue, H100) is None


def test_what_only_a_later_version_understands_is_left_to_it(queue: World) -> None:
    ready(queue)
    later = """UPDATE steps SET needs = '{"nvlink":true}' WHERE state = 'ready'"""
    with queue.database.begin() as session:
        session.connection().exec_driver_sql(later)
    queue.age(60)
    assert claim_on(queue, H100) is None
    assert queue.steps.unheard(TERM) == {}


class TestFlight:
    def test_one_kind_builds_an_engine_once(self, queue: World) -> None:
        one, other = ready(queue, label="same"), ready(queue, label="same")
        second = device(H100.name, "9.0", 80)
        claimed = claimed_on(queue, H100)
        assert claim_on(queue, second) is None
        queue.settle(claimed)
        builds = [queue.show(job).steps[1] for job in (one, other)]
        assert [(step.state, step.reused) for step in builds] == [
            (State.DONE, False),
            (State.DONE, True),
        ]

    def test_two_kinds_build_at_once(self, queue: World) -> None:
        ready(queue, label="same"), ready(queue, label="same")
        claims = [claimed_on(queue, gpu) for gpu in (H100, L4)]
        assert len({each.job for each in claims}) == 2
        for each in claims:
            queue.settle(each)
        built_on = [queue.show(each.job).report.engine for each in claims]
        assert [each.manifest.gpu for each in built_on if each] == [H100, L4]

    def test_what_is_tied_to_no_kind_runs_once_anywhere(self, queue: World) -> None:
        """Two jobs verify the same engine."""
        ready(queue, label="same"), ready(queue, label="same")
        queue.settle(claimed_on(queue, H100))
        assert claimed_on(queue, H100).action.kind == "verify"
        assert claim_on(queue, device(H100.name, "9.0", 80)) is None

    def test_a_kind_that_let_go_of_it_bars_no_other(self, queue: World) -> None:
        ready(queue)
        queue.settle(claimed_on(queue, H100), broke())
        claimed = claimed_on(queue, L4)
        assert claimed.lease.attempt == 2
        queue.settle(claimed)
        assert _attempts(queue, claimed.job) == [(1, H100), (2, L4)]

    def test_of_many_that_race_for_equal_steps_one_wins(self, queue: World) -> None:
        """Those who lose the race end it with empty hands, and do not race for ever."""
        for number in range(8):
            ready(queue, label="same", tenant=f"t{number}")
        barrier = Barrier(8)

        def claim(number: int) -> bool:
            barrier.wait()
            return claim_on(queue, device(H100.name, "9.0", 80), f"w{number}") is not None

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(claim, range(8)))
        assert won.count(True) == 1
        assert queue.deadlocks() == 0


def _attempts(queue: World, job: str) -> list[tuple[int, Gpu | None]]:
    step = queue.show(job).steps[1]
    return [(each.number, each.gpu) for each in step.attempts]


def test_a_lost_build_is_taken_back_and_built_by_another_kind(queue: World) -> None:
    job = ready(queue)
    claimed_on(queue, H100)
    queue.age(60)
    assert len(queue.steps.expire(10)) == 1
    assert [each.action.kind for each in work_on(queue, L4)] == ["convert", "verify"]
    assert queue.show(job).state == "succeeded"
