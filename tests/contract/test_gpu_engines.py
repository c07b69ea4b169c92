"""Engines in the cache: never the same one twice, and never one for another kind of GPU."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import select

from shared.adapters.tables import ResultRow
from shared.domain.gpus import GIB, Gpu, Needs
from shared.domain.jobs import JobState
from shared.domain.lifecycle import State
from shared.domain.views import JobView
from tests.support.gpus import (
    H100,
    H200,
    L4,
    claim_on,
    claimed_on,
    device,
    ready,
    work_on,
)
from tests.support.queue import World, refused, world

TWIN = device(H100.name, "9.0", 80)
NAMED = [Needs(gpu="H100"), Needs(compute_capability="9.0"), Needs(gpu="H100", memory=70 * GIB)]
OPEN = [Needs(), Needs(at_least="8.0"), Needs(memory=GIB)]


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def build_of(queue: World, job: JobView) -> tuple[State, bool]:
    step = queue.show(job, job.tenant).steps[1]
    return step.state, step.reused


def built_on(queue: World, job: JobView) -> Gpu | None:
    engine = queue.show(job, job.tenant).report.engine
    return engine.manifest.gpu if engine else None


@pytest.mark.parametrize("needs", NAMED)
def test_who_names_a_gpu_or_a_capability_has_a_known_engine_at_once(
    queue: World, needs: Needs
) -> None:
    ready(queue, label="same")
    assert len(work_on(queue, H100)) == 2
    again = ready(queue, needs, label="same")
    assert again.state is JobState.SUCCEEDED
    assert build_of(queue, again) == (State.DONE, True)
    assert built_on(queue, again) == H100


@pytest.mark.parametrize("needs", OPEN)
def test_who_leaves_it_open_has_it_when_a_device_of_its_kind_claims(
    queue: World, needs: Needs
) -> None:
    ready(queue, label="same")
    work_on(queue, H100)
    again = ready(queue, needs, label="same")
    assert build_of(queue, again) == (State.READY, False)
    assert claim_on(queue, TWIN) is None
    assert queue.show(again).state is JobState.SUCCEEDED
    assert built_on(queue, again) == H100


def test_another_kind_builds_its_own(queue: World) -> None:
    ready(queue, label="same")
    work_on(queue, H100)
    again = ready(queue, label="same")
    assert [each.action.kind for each in work_on(queue, L4)] == ["convert", "verify"]
    assert built_on(queue, again) == L4
    with queue.database.begin() as session:
        kept = session.scalars(select(ResultRow).where(ResultRow.gpu != "")).all()
    assert {(each.gpu, each.device["uuid"]) for each in kept} == {
        (H100.kind, H100.uuid),
        (L4.kind, L4.uuid),
    }
    assert len({each.fingerprint for each in kept}) == 1


def test_a_known_engine_of_a_gpu_that_would_not_do_is_left(queue: World) -> None:
    ready(queue, label="same")
    work_on(queue, H100)
    for needs in (
        Needs(gpu="H200"),
        Needs(compute_capability="8.9"),
        Needs(gpu="H100", memory=90 * GIB),
    ):
        again = ready(queue, needs, label="same")
        assert build_of(queue, again) == (State.READY, False)
        assert claim_on(queue, H100) is None


def test_those_who_wait_have_it_if_they_would_have_taken_its_gpu(queue: World) -> None:
    first = ready(queue, label="same")
    claimed = claimed_on(queue, H100)
    assert claimed.job == first.id
    wanted = {
        "any": ready(queue, label="same", tenant="a"),
        "h100": ready(queue, Needs(gpu="H100"), label="same", tenant="b"),
        "large": ready(queue, Needs(memory=100 * GIB), label="same", tenant="c"),
        "l4": ready(queue, Needs(gpu="L4"), label="same", tenant="d"),
    }
    queue.settle(claimed)
    built = {name: build_of(queue, job) for name, job in wanted.items()}
    assert built == {
        "any": (State.DONE, True),
        "h100": (State.DONE, True),
        "large": (State.READY, False),
        "l4": (State.READY, False),
    }
    work_on(queue, H100)
    work_on(queue, H200)
    work_on(queue, L4)
    assert built_on(queue, wanted["large"]) == H200
    assert built_on(queue, wanted["l4"]) == L4
    states = {queue.show(job, job.tenant).state for job in wanted.values()}
    assert states == {JobState.SUCCEEDED}


def test_a_reused_engine_is_verified_where_it_was_built(queue: World) -> None:
    """The job that built it was cancelled before anything ran it."""
    one = ready(queue, label="same")
    queue.settle(claimed_on(queue, H100))
    queue.control.cancel("default", one.id)
    again = ready(queue, Needs(compute_capability="9.0"), label="same")
    assert build_of(queue, again) == (State.DONE, True)
    assert claim_on(queue, H200) is None
    assert claimed_on(queue, TWIN).action.kind == "verify"


def test_a_failed_build_is_no_result(queue: World) -> None:
    ready(queue, label="same")
    queue.settle(claimed_on(queue, H100), refused())
    again = ready(queue, Needs(gpu="H100"), label="same")
    assert build_of(queue, again) == (State.READY, False)


def test_an_engine_that_the_store_lost_is_built_again(queue: World) -> None:
    ready(queue, label="same")
    built, _ = work_on(queue, H100)
    engine = queue.show(built.job).output
    assert engine is not None
    queue.steps.forget(engine.digest)
    again = ready(queue, Needs(gpu="H100"), label="same")
    assert build_of(queue, again) == (State.READY, False)


def test_the_same_engine_is_never_built_twice(queue: World) -> None:
    """Sixty jobs of three models and any needs over five devices, in any order."""
    dice = Random(7)
    fleet = [H100, TWIN, H200, L4, device(L4.name, "8.9", 22)]
    for _ in range(60):
        ready(queue, dice.choice([*NAMED, *OPEN, Needs(gpu="L4")]), label=dice.randrange(3))
    done, held = [], []
    for _ in range(400):
        claimed = claim_on(queue, dice.choice(fleet))
        if claimed is not None:
            held.append(claimed)
        if held and (claimed is None or dice.random() < 0.6):
            done.append(held.pop(dice.randrange(len(held))))
            queue.settle(done[-1])
    assert not held
    built = [
        (each.inputs["source"].digest, each.gpu.kind)
        for each in done
        if each.gpu and each.action.kind == "convert"
    ]
    assert len(built) == len(set(built))
    assert len(built) >= 6
    states = {job.state for job in queue.ask.jobs("default", limit=100).items}
    assert states == {JobState.SUCCEEDED}
