"""Whatever fleets there are and whatever steps need: each goes where it fits, and none is left."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.domain.gpus import GIB, Gpu, Needs
from shared.domain.jobs import JobState
from tests.support.gpus import claim_on, device, engine_plan, submit
from tests.support.queue import World, world

KINDS = [
    ("NVIDIA H100 80GB HBM3", "9.0", 80),
    ("NVIDIA H200", "9.0", 139),
    ("NVIDIA L4", "8.9", 22),
    ("NVIDIA GeForce RTX 4070", "8.9", 12),
    ("NVIDIA GeForce RTX 4070 Ti", "8.9", 16),
    ("Tesla V100-SXM2-16GB", "7.0", 16),
]
NEEDS = st.builds(
    Needs,
    gpu=st.sampled_from([None, None, "H100", "rtx 4070", "NVIDIA", "4070 ti", "B200"]),
    compute_capability=st.sampled_from([None, None, "8.9", "9.0", "12.0"]),
    at_least=st.sampled_from([None, None, "8.0", "9.0"]),
    memory=st.sampled_from([None, None, 12 * GIB, 16 * GIB, 100 * GIB]),
)


@dataclass(frozen=True)
class Wish:
    needs: Needs
    model: int
    priority: int


WISHES = st.lists(st.builds(Wish, NEEDS, st.integers(0, 2), st.integers(4, 6)), max_size=8)
FLEETS = st.lists(st.sampled_from(KINDS).map(lambda kind: device(*kind)), min_size=1, max_size=5)


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        yield made


def afresh(queue: World, wishes: list[Wish]) -> dict[str, Wish]:
    """One job for each wish, whose engine is to be built next."""
    with queue.database.begin() as session:
        session.execute(text("TRUNCATE jobs, results, tenants, submissions CASCADE"))
    jobs = {}
    for wish in wishes:
        plan = engine_plan(wish.needs)
        (job,) = submit(queue, plan, label=wish.model, priority=wish.priority)
        jobs[job.id] = wish
    queue.work()
    return jobs


PATIENT = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@given(wishes=WISHES, fleet=FLEETS, order=st.randoms(use_true_random=False))
@PATIENT
def test_each_step_runs_where_it_fits_and_none_waits_for_a_device_that_would_do(
    queue: World, wishes: list[Wish], fleet: list[Gpu], order
) -> None:
    jobs = afresh(queue, wishes)
    waiting = dict(jobs)
    flying: set[tuple[int, str]] = set()
    order.shuffle(fleet)
    for gpu in fleet:
        claimed = claim_on(queue, gpu)
        free = [
            wish
            for wish in waiting.values()
            if wish.needs.met_by(gpu) and (wish.model, gpu.kind) not in flying
        ]
        if claimed is None:
            assert free == []
            continue
        taken = waiting.pop(claimed.job)
        assert taken in free
        assert taken.priority == max(wish.priority for wish in free)
        flying.add((taken.model, gpu.kind))


@given(wishes=WISHES, fleet=FLEETS, order=st.randoms(use_true_random=False))
@PATIENT
def test_all_that_a_fleet_can_serve_is_served_and_each_engine_once(
    queue: World, wishes: list[Wish], fleet: list[Gpu], order
) -> None:
    jobs = afresh(queue, wishes)
    built, held = [], []
    idle = 0
    while idle < len(fleet):
        idle = 0
        for gpu in order.sample(fleet, len(fleet)):
            claimed = claim_on(queue, gpu)
            idle += claimed is None
            if claimed is not None:
                held.append(claimed)
        order.shuffle(held)
        for claimed in held:
            if claimed.action.kind == "convert" and claimed.gpu:
                assert jobs[claimed.job].needs.met_by(claimed.gpu)
                built.append((jobs[claimed.job].model, claimed.gpu.kind))
            queue.settle(claimed)
        held.clear()
    assert len(built) == len(set(built))
    for job, wish in jobs.items():
        served = any(map(wish.needs.met_by, fleet))
        view = queue.show(job)
        assert view.state is (JobState.SUCCEEDED if served else JobState.QUEUED)
        engine = view.report.engine
        assert (engine is not None) is served
        if engine and engine.manifest.gpu:
            assert wish.needs.met_by(engine.manifest.gpu)


def test_one_step_is_never_two_devices(queue: World) -> None:
    submit(queue, engine_plan(), request=str(uuid4()))
    queue.work()
    fleet = [device(*kind) for kind in KINDS]
    assert [claim_on(queue, gpu) is not None for gpu in fleet].count(True) == 1
