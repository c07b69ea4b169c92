"""Steps for a GPU: one on a device at a time, with what others have measured on such a one."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shared.domain.errors import Crashed, DatabaseAway
from shared.domain.gpus import Needs
from shared.domain.offers import Queue
from shared.domain.outcomes import Agreed, Broke, Outcome, Produced
from shared.domain.plans import TOLERANCES
from shared.domain.precisions import Precision, tolerances
from tests.support.execution import (
    BUILD,
    ON_GPUS,
    ONE,
    OTHER,
    VERIFY,
    Bench,
    Script,
    bench_in,
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_in(tmp_path) as made:
        yield made


def built(folder: Path, hear: Any, stop: Any) -> Outcome:
    (folder / "output.onnx").write_bytes(b"an engine")
    return Produced(artifact=None, report={})


def test_a_step_for_a_gpu_has_the_device_for_itself(bench: Bench) -> None:
    def build(folder: Path, hear: Any, stop: Any) -> Outcome:
        assert not bench.devices.is_free(ONE.uuid)
        return built(folder, hear, stop)

    bench.step(BUILD)
    script = Script(build)
    assert bench.using(script, ON_GPUS)(Queue.GPU) is True
    assert script.order is not None
    assert script.order.gpu == ONE
    assert bench.devices.is_free(ONE.uuid)
    assert len(bench.steps.settled) == 1


def test_a_step_goes_to_the_device_that_it_needs(bench: Bench) -> None:
    bench.step(BUILD.model_copy(update={"needs": Needs(gpu="H200")}))
    script = Script(built)
    assert bench.using(script, ON_GPUS)(Queue.GPU) is True
    assert script.order is not None
    assert script.order.gpu == OTHER
    assert bench.steps.asked == [ONE.uuid, OTHER.uuid]


def test_a_step_for_the_cpu_has_no_device(bench: Bench) -> None:
    bench.execute(built)
    assert bench.script is not None
    assert bench.script.order is not None
    assert bench.script.order.gpu is None
    assert bench.steps.asked == ["cpu"]


def test_a_device_that_another_worker_has_is_passed_by(bench: Bench) -> None:
    bench.devices.others = {ONE.uuid}
    bench.step(BUILD)
    script = Script(built)
    assert bench.using(script, ON_GPUS)(Queue.GPU) is True
    assert script.order is not None
    assert script.order.gpu == OTHER


def test_where_all_devices_are_taken_nothing_is_claimed(bench: Bench) -> None:
    bench.devices.others = {ONE.uuid, OTHER.uuid}
    bench.step(BUILD)
    assert bench.using(Script(built), ON_GPUS)(Queue.GPU) is False
    assert bench.steps.asked == []
    bench.steps.waiting.clear()


def test_one_step_a_call_and_one_a_device(bench: Bench) -> None:
    """Two threads get a device each; a third one finds both busy and does not wait."""
    both, third = threading.Barrier(3, timeout=60), threading.Event()

    def build(folder: Path, hear: Any, stop: Any) -> Outcome:
        both.wait()
        third.wait(60)
        return built(folder, hear, stop)

    for name in ("step-1", "step-2", "step-3"):
        bench.step(BUILD, name)
    execute = bench.using(Script(build), ON_GPUS)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(execute, Queue.GPU) for _ in range(2)]
        both.wait()
        assert execute(Queue.GPU) is False
        third.set()
        assert [call.result() for call in calls] == [True, True]
    assert len(bench.steps.settled) == 2
    assert [each.step for each in bench.steps.waiting] == ["step-3"]


def test_a_database_that_cannot_say_whose_a_device_is_claims_nothing(bench: Bench) -> None:
    bench.devices.away = True
    with pytest.raises(DatabaseAway):
        bench.using(Script(built), ON_GPUS)(Queue.GPU)


def test_a_device_is_given_back_when_the_step_breaks(bench: Bench) -> None:
    def burst(folder: Path, hear: Any, stop: Any) -> Outcome:
        raise ValueError("a bug")

    bench.step(BUILD)
    assert bench.using(Script(burst), ON_GPUS)(Queue.GPU) is True
    assert bench.devices.is_free(ONE.uuid)
    assert not bench.flights.on(ONE.uuid)


def test_a_verification_is_held_to_the_precision_that_was_asked_for(bench: Bench) -> None:
    bench.execute(lambda *_: Agreed(report={}), VERIFY)
    assert bench.script is not None
    assert bench.script.order is not None
    assert bench.script.order.tolerances == TOLERANCES
    bench.execute(
        lambda *_: Agreed(report={}),
        VERIFY.model_copy(update={"options": {"precision": "fp16"}}),
    )
    assert bench.script.order is not None
    assert bench.script.order.tolerances == tolerances(Precision.FP16)


def test_what_one_build_measured_the_next_one_begins_with(bench: Bench) -> None:
    begun: list[list[bytes]] = []

    def build(folder: Path, hear: Any, stop: Any) -> Outcome:
        assert script.order is not None
        begun.append([(folder / each).read_bytes() for each in script.order.caches])
        assert script.order.cache_output is not None
        learnt = b"".join(begun[-1]) + b"more "
        (folder / script.order.cache_output).write_bytes(learnt)
        return built(folder, hear, stop)

    script = Script(build)
    for _ in range(3):
        bench.step(BUILD)
        bench.using(script, ON_GPUS)(Queue.GPU)
    assert begun == [[], [b"more "], [b"more more "]]


def test_an_edge_that_measures_nothing_has_no_cache(bench: Bench) -> None:
    bench.execute(built)
    assert bench.script is not None
    assert bench.script.order is not None
    assert (bench.script.order.caches, bench.script.order.cache_output) == ((), None)


def test_what_a_failed_build_left_is_not_kept(bench: Bench) -> None:
    def fail(folder: Path, hear: Any, stop: Any) -> Outcome:
        (folder / "timing.new").write_bytes(b"half of it")
        return Broke(Crashed("ouch").fault)

    begun: list[tuple[str, ...]] = []

    def build(folder: Path, hear: Any, stop: Any) -> Outcome:
        assert script.order is not None
        begun.append(script.order.caches)
        return built(folder, hear, stop)

    bench.step(BUILD)
    bench.using(Script(fail), ON_GPUS)(Queue.GPU)
    script = Script(build)
    bench.step(BUILD)
    bench.using(script, ON_GPUS)(Queue.GPU)
    assert begun == [()]
