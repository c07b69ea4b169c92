"""Many workers at once: no step is claimed twice, none is lost, and nobody deadlocks."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import sleep

from sqlalchemy import text

from shared.domain.errors import Conflict, JobEnded, LeaseLost
from shared.domain.gpus import ANY, Needs
from shared.domain.jobs import JobState
from tests.support.gpus import claim_on, device, ready, work_on
from tests.support.queue import TERM, World, broke, disagreed, refused, success, world

THREADS = 16


def together(act: Callable[[int], object]) -> None:
    """Call `act` in all threads at the same moment; an exception in one is the test's."""
    barrier = Barrier(THREADS)

    def run(number: int) -> None:
        barrier.wait()
        act(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))


def test_no_step_is_claimed_twice(database_url: str) -> None:
    with world(database_url) as queue:
        jobs = queue.crowd("one", 48)
        claims: list[tuple[str, int]] = []

        def claim_all(number: int) -> None:
            while claimed := queue.claim(f"w{number}"):
                claims.append((claimed.step, claimed.lease.attempt))

        together(claim_all)
        assert max(Counter(claims).values()) == 1
        assert len(claims) == len(jobs)


def test_equal_steps_in_flight_run_once(database_url: str) -> None:
    """All the same: whoever wins the race, each of the three steps is run exactly once."""
    with world(database_url) as queue:
        jobs = [queue.job(f"t{number}", label="same") for number in range(THREADS)]
        ran: list[str] = []

        def work(number: int) -> None:
            for _ in range(20):
                if claimed := queue.claim(f"w{number}"):
                    ran.append(claimed.action.kind)
                    queue.settle(claimed)
                else:
                    sleep(0.05)

        together(work)
        queue.work()
        assert Counter(ran) == {"inspect": 1, "convert": 1, "verify": 1}
        for job in jobs:
            assert _state(queue, job.tenant, job.id) is JobState.SUCCEEDED
        assert queue.deadlocks() == 0


def test_whoever_races_each_engine_is_built_once_for_each_kind(database_url: str) -> None:
    devices = [device(*kind) for kind in (("NVIDIA H100", "9.0", 80), ("NVIDIA L4", "8.9", 22))]
    devices += [each.model_copy(update={"uuid": f"{each.uuid}-2"}) for each in devices]
    asked = [ANY, Needs(gpu="L4"), Needs(compute_capability="9.0"), Needs(at_least="8.0")]
    with world(database_url) as queue:
        jobs = [
            ready(queue, asked[number % 4], label=number % 3, tenant=f"t{number % 5}")
            for number in range(24)
        ]
        ran = []

        def work(number: int) -> None:
            for _ in range(15):
                if claimed := claim_on(queue, devices[number % 4], f"w{number}"):
                    ran.append(claimed)
                    queue.settle(claimed)
                else:
                    sleep(0.02)

        together(work)
        for each in devices:
            ran += work_on(queue, each)
        built = Counter(
            (each.inputs["source"].digest, each.gpu.kind)
            for each in ran
            if each.gpu and each.action.kind == "convert"
        )
        assert max(built.values()) == 1
        assert len(built) <= 6
        for job in jobs:
            assert _state(queue, job.tenant, job.id) is JobState.SUCCEEDED
        assert queue.deadlocks() == 0


def test_everything_at_once_deadlocks_nowhere(database_url: str) -> None:
    """Claims, renewals, reports, ends of all kinds, expiry, cancels, retries and submissions
    over few models, so that twins meet in every way."""
    with world(database_url) as queue:
        jobs = [queue.job(f"t{number % 3}", label=number % 4) for number in range(24)]

        def chaos(number: int) -> None:
            dice = random.Random(number)
            for _ in range(10):
                _anything(queue, dice, f"w{number}", [(job.tenant, job.id) for job in jobs])

        together(chaos)
        assert queue.deadlocks() == 0
        _finish(queue)
        for job in jobs:
            view = queue.show(job, job.tenant)
            assert view.state.final
            seqs = [each.seq for each in queue.ask.events(job.tenant, job.id, limit=1000)]
            assert seqs == list(range(1, view.last_event + 1))


def _anything(queue: World, dice: random.Random, worker: str, jobs: list[tuple[str, str]]) -> None:
    tenant, job = dice.choice(jobs)
    match dice.randrange(8):
        case 0:
            queue.job(tenant, label=dice.randrange(4))
        case 1:
            try:
                queue.control.cancel(tenant, job)
            except JobEnded:
                return
        case 2:
            if _state(queue, tenant, job) in {JobState.FAILED, JobState.CANCELLED}:
                _retry(queue, tenant, job)
        case 3:
            queue.steps.expire(5)
        case _:
            _attempt(queue, dice, worker)


def _retry(queue: World, tenant: str, job: str) -> None:
    try:
        queue.control.retry(tenant, job)
    except Conflict:
        return


def _attempt(queue: World, dice: random.Random, worker: str) -> None:
    term = timedelta(seconds=-1) if dice.random() < 0.2 else TERM
    claims = [each for _ in range(2) if (each := queue.claim(worker, term))]
    for claimed in claims:
        ends = [success(claimed)] * 6 + [broke(), refused()]
        if claimed.action.kind == "verify":
            ends.append(disagreed())
        try:
            queue.steps.renew(worker, {each.step: each.lease for each in claims}, term)
            queue.steps.report(claimed, None, ["line"])
            queue.settle(claimed, dice.choice(ends))
        except LeaseLost:
            continue


def _finish(queue: World) -> None:
    with queue.database.begin() as session:
        session.execute(
            text("UPDATE steps SET lease_expires = now() - interval '1 s' WHERE state = 'running'")
        )
    queue.steps.expire(1000)
    while queue.work():
        queue.steps.expire(1000)


def _state(queue: World, tenant: str, job: str) -> JobState:
    return queue.show(job, tenant).state
