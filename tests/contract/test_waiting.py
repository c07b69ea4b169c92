"""What a GPU step waits for, when no worker on line can take it: said at once, in a sentence."""

from collections.abc import Iterator

import pytest

from shared.domain.gpus import GIB, Needs
from shared.domain.offers import Queue
from tests.support.gpus import (
    H100,
    H200,
    L4,
    claimed_on,
    engine_plan,
    gpu_offer,
    ready,
    submit,
)
from tests.support.queue import World, edge, offer, world


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def waits(queue: World, needs: Needs) -> str | None:
    return ready(queue, needs).waiting_for


def test_it_is_needed_and_there_is_another(queue: World) -> None:
    queue.fleet.announce(gpu_offer("g", H100))
    assert waits(queue, Needs(compute_capability="8.9")) == (
        "waiting: needs compute capability 8.9; on line: 9.0 (NVIDIA H100 80GB HBM3)"
    )
    assert waits(queue, Needs(gpu="H200")) == (
        "waiting: needs GPU H200; on line: 9.0 (NVIDIA H100 80GB HBM3)"
    )
    queue.fleet.announce(gpu_offer("h", H100, L4))
    assert waits(queue, Needs(memory=100 * GIB)) == (
        "waiting: needs 100 GiB of GPU memory; on line: 8.9 (NVIDIA L4, 22 GiB),"
        " 9.0 (NVIDIA H100 80GB HBM3, 80 GiB)"
    )
    assert waits(queue, Needs(gpu="H100", memory=GIB)) is None


def test_it_follows_the_fleet(queue: World) -> None:
    queue.fleet.announce(gpu_offer("g", H100))
    job = ready(queue, Needs(compute_capability="8.9"))
    assert "8.9" in str(job.waiting_for)
    queue.fleet.announce(gpu_offer("h", L4))
    assert queue.show(job).waiting_for is None
    queue.fleet.leave("h")
    assert queue.show(job).waiting_for == job.waiting_for
    queue.fleet.leave("g")
    assert queue.show(job).waiting_for == (
        "waiting: needs compute capability 8.9; on line: no GPU"
    )
    assert str(queue.show(job).state) == "queued", "its inspection has run, and it waits again"


def test_there_is_no_gpu_at_all(queue: World) -> None:
    assert waits(queue, Needs()) == "waiting: needs any GPU; on line: no GPU"
    blind = offer("g", missing=("The NVIDIA driver is not there.", "And more."))
    queue.fleet.announce(blind)
    assert waits(queue, Needs()) == (
        "waiting: needs any GPU; on line: no GPU (g: And more; g: The NVIDIA driver is not there)"
    )
    queue.fleet.announce(gpu_offer("h", L4))
    assert waits(queue, Needs(gpu="H100")) == ("waiting: needs GPU H100; on line: 8.9 (NVIDIA L4)")


def test_a_gpu_that_nobody_has_is_told_before_the_steps_ahead_of_it_ran(queue: World) -> None:
    queue.fleet.announce(gpu_offer("g", H100))
    (job,) = submit(queue, engine_plan(Needs(gpu="H200")))
    assert str(job.state) == "queued"
    assert job.waiting_for == "waiting: needs GPU H200; on line: 9.0 (NVIDIA H100 80GB HBM3)"
    queue.fleet.announce(gpu_offer("h", H200))
    assert queue.show(job).waiting_for is None


def test_its_worker_cannot_build(queue: World) -> None:
    bare = offer(
        "g",
        edge("another"),
        queues=(Queue.GPU,),
        gpus=(H100,),
        missing=("TensorRT was not found.",),
    )
    queue.fleet.announce(bare)
    assert waits(queue, Needs(gpu="H100")) == (
        "waiting: needs a worker that offers convert:onnx-to-tensorrt@1 on GPU H100; on line"
        " without it: 9.0 (NVIDIA H100 80GB HBM3) (g: TensorRT was not found)"
    )
    queue.fleet.announce(gpu_offer("h", L4))
    assert "on line without it" in str(waits(queue, Needs(gpu="H100")))
    assert waits(queue, Needs()) is None


def test_many_kinds_are_not_all_named(queue: World) -> None:
    many = [H100.model_copy(update={"name": f"NVIDIA Z{n:02}"}) for n in range(20)]
    queue.fleet.announce(gpu_offer("g", *many))
    said = str(waits(queue, Needs(gpu="H200")))
    assert said.endswith("9.0 (NVIDIA Z07), 12 more")


def test_a_verification_waits_for_the_kind_that_built_the_engine(queue: World) -> None:
    queue.fleet.announce(gpu_offer("g", H200))
    job = ready(queue)
    queue.settle(claimed_on(queue, H100))
    assert queue.show(job).waiting_for == (
        "waiting: needs GPU NVIDIA H100 80GB HBM3, compute capability 9.0;"
        " on line: 9.0 (NVIDIA H200)"
    )
    queue.fleet.announce(gpu_offer("h", H100))
    assert queue.show(job).waiting_for is None


def test_a_cpu_step_does_not_wait_for_a_worker_that_serves_gpus_alone(queue: World) -> None:
    queue.fleet.leave("one")
    queue.fleet.announce(gpu_offer("g", H100))
    (job,) = submit(queue, engine_plan())
    assert job.waiting_for == (
        "To inspect onnx, a worker that offers inspect:onnx is needed on the cpu queue."
        " On line: g."
    )
