"""Whatever workers, zombies and users do, in whatever order: the queue keeps its promises."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run
from sqlalchemy import select, text

from shared.adapters.tables import AttemptRow, EventRow, JobRow, StepRow
from shared.domain.errors import Conflict, LeaseLost
from shared.domain.gpus import ANY, Gpu, Needs
from shared.domain.jobs import JobState, Place, progress
from shared.domain.lifecycle import State
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Outcome, Stopped
from shared.domain.plans import Plan
from shared.ports import Claimed
from tests.support.gpus import H100, L4, claim_on, device, engine_plan, submit, work_on
from tests.support.queue import TERM, World, broke, disagreed, refused, success, world

WORKERS = st.sampled_from(["one", "two", "three"])
LABELS = st.sampled_from(["a", "b"])
TENANTS = st.sampled_from(["x", "y"])
PICK = st.integers(0, 30)
DEVICES = (H100, device(H100.name, "9.0", 80), L4)
NEEDS = (ANY, Needs(gpu="H100"), Needs(compute_capability="8.9"), Needs(at_least="8.0"))
LONG = TERM.total_seconds() + 1


@dataclass
class Held:
    """What a worker believes that it holds; `good` is what must be true of it."""

    claimed: Claimed
    good: bool = True


@dataclass
class Memory:
    attempts: dict[UUID, int] = field(default_factory=dict)
    ended: dict[UUID, dict[str, object]] = field(default_factory=dict)


class Leases(RuleBasedStateMachine):
    """Drives one database; each run begins with empty tables."""

    queue: World

    def __init__(self) -> None:
        super().__init__()
        with self.queue.database.begin() as session:
            session.execute(text("TRUNCATE jobs, results, tenants, submissions CASCADE"))
        self.held: list[Held] = []
        self.jobs: list[tuple[str, str]] = []
        self.memory = Memory()
        self._inspect("a")
        self._inspect("b")

    @rule(tenant=TENANTS, label=LABELS, priority=st.integers(4, 6))
    def submit(self, tenant: str, label: str, priority: int) -> None:
        job = self.queue.job(tenant, label, priority=priority)
        self.jobs.append((tenant, job.id))

    @rule(tenant=TENANTS, label=LABELS, needs=st.sampled_from(NEEDS))
    def submit_for_an_engine(self, tenant: str, label: str, needs: Needs) -> None:
        (job,) = submit(self.queue, engine_plan(needs), tenant=tenant, label=label)
        self.jobs.append((tenant, job.id))

    @rule(label=LABELS, needs=st.sampled_from(NEEDS), gpu=st.sampled_from(DEVICES))
    def submit_to_a_gpu_that_is_free(self, label: str, needs: Needs, gpu: Gpu) -> None:
        self.submit_for_an_engine("x", label, needs)
        self.claim_on_a_gpu("one", gpu)

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        self._took(self.queue.claim(worker))

    @rule(worker=WORKERS, gpu=st.sampled_from(DEVICES))
    def claim_on_a_gpu(self, worker: str, gpu: Gpu) -> None:
        claimed = claim_on(self.queue, gpu, worker)
        if claimed is not None:
            assert claimed.gpu == gpu
            plan = self.queue.show(claimed.job, self._tenant_of(claimed.job)).plan
            assert plan.routes[0].converts[-1].needs.met_by(gpu)
        self._took(claimed)

    @precondition(lambda self: self.held)
    @rule(pick=PICK)
    def renew(self, pick: int) -> None:
        held = self._pick(pick)
        claimed = held.claimed
        leases = {claimed.step: claimed.lease}
        pulse = self.queue.steps.renew(claimed.lease.worker, leases, TERM)
        assert (claimed.step in pulse.lost) is not held.good

    @precondition(lambda self: self.held)
    @rule(pick=PICK)
    def report(self, pick: int) -> None:
        held = self._pick(pick)
        note = ProgressNote(message="m", progress=0.5)
        with nothing_or_lost(held):
            self.queue.steps.report(held.claimed, note, ["line"])

    @precondition(lambda self: self.held)
    @rule(pick=PICK, way=st.sampled_from(["success", "success", "broke", "refused", "stopped"]))
    def settle(self, pick: int, way: str) -> None:
        held = self._pick(pick)
        with nothing_or_lost(held):
            self.queue.settle(held.claimed, _outcome(held.claimed, way))
        held.good = False

    @rule()
    def time_passes(self) -> None:
        self.queue.age(LONG)
        taken = set(self.queue.steps.expire(100))
        assert taken == {each.claimed.step for each in self.held if each.good}
        for held in self.held:
            held.good = False

    @precondition(lambda self: any(each.good for each in self.held))
    @rule(worker=WORKERS)
    def lose_a_worker_and_let_another_take_over(self, worker: str) -> None:
        self.time_passes()
        self.claim(worker)

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        tenant, job = self.jobs[pick % len(self.jobs)]
        ended = self.queue.show(job, tenant).state.final
        with pytest.raises(Conflict) if ended else no_error():
            self.queue.control.cancel(tenant, job)

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK)
    def retry(self, pick: int) -> None:
        tenant, job = self.jobs[pick % len(self.jobs)]
        state = self.queue.show(job, tenant).state
        may = state in {JobState.FAILED, JobState.CANCELLED}
        with no_error() if may else pytest.raises(Conflict):
            self.queue.jobs.retry(tenant, job, self.queue.show(job, tenant).plan)

    @invariant()
    def promises_are_kept(self) -> None:
        with self.queue.database.begin() as session:
            jobs = session.scalars(select(JobRow)).all()
            steps = session.scalars(select(StepRow)).all()
            attempts = session.scalars(select(AttemptRow)).all()
            events = session.execute(select(EventRow.job_id, EventRow.seq)).all()
        self._each_job_is_the_fold_over_its_steps(jobs, steps)
        self._attempts_only_grow(steps, attempts)
        self._what_ended_stays(steps)
        self._those_who_hold_are_those_who_may(steps)
        for job in jobs:
            assert sorted(seq for each, seq in events if each == job.id) == list(
                range(1, job.last_seq + 1)
            )

    def teardown(self) -> None:
        """Nothing is lost: workers that go on bring every job to its end."""
        self.queue.age(LONG)
        self.queue.steps.expire(100)
        while self.queue.work() or any(work_on(self.queue, gpu) for gpu in DEVICES):
            pass
        for tenant, job in self.jobs:
            assert self.queue.show(job, tenant).state.final

    def _inspect(self, label: str) -> None:
        """So that a job for an engine begins with what needs a GPU."""
        (job,) = submit(self.queue, engine_plan(), label=label)
        self.queue.work()
        self.queue.control.cancel("default", job.id)

    def _took(self, claimed: Claimed | None) -> None:
        if claimed is not None:
            assert not any(h.good and h.claimed.step == claimed.step for h in self.held)
            self.held.append(Held(claimed))

    def _tenant_of(self, job: str) -> str:
        return next(tenant for tenant, each in self.jobs if each == job)

    def _pick(self, pick: int) -> Held:
        return self.held[pick % len(self.held)]

    def _each_job_is_the_fold_over_its_steps(self, jobs, steps) -> None:
        for job in jobs:
            mine = [s for s in steps if s.job_id == job.id and s.round == job.round]
            rows = [(Place(s.route, s.position), State(s.state)) for s in mine]
            due = progress(Plan.model_validate(job.plan), rows)
            assert due.state == job.state
            assert due.unblock is due.open is None
            assert not due.drop
            moving = [s for s in mine if s.state in {State.READY, State.RUNNING}]
            assert len(moving) == (0 if due.state.final else 1)
            if job.cancel_requested:
                assert {s.state for s in mine}.isdisjoint({State.WAITING, State.READY})
                assert due.state in {JobState.RUNNING, JobState.CANCELLED}

    def _attempts_only_grow(self, steps, attempts) -> None:
        for step in steps:
            assert step.attempt >= self.memory.attempts.get(step.id, 0)
            self.memory.attempts[step.id] = step.attempt
            mine = sorted(each.number for each in attempts if each.step_id == step.id)
            assert mine == list(range(1, step.attempt + 1))
            unfinished = [a for a in attempts if a.step_id == step.id and a.ended_at is None]
            assert len(unfinished) == (step.state == State.RUNNING)

    def _what_ended_stays(self, steps) -> None:
        for step in steps:
            if State(step.state).final:
                end = {"state": step.state, "output": step.output_digest, "report": step.report}
                assert self.memory.ended.setdefault(step.id, end) == end

    def _those_who_hold_are_those_who_may(self, steps) -> None:
        running = {str(s.id): s.attempt for s in steps if s.state == State.RUNNING}
        good = {h.claimed.step: h.claimed.lease.attempt for h in self.held if h.good}
        assert running == good
        assert not any(s.gpu for s in steps if s.state == State.READY)
        flights = [(s.fingerprint, s.gpu) for s in steps if s.state == State.RUNNING]
        assert len(flights) == len(set(flights))
        for held in self.held:
            if held.good and held.claimed.gpu:
                (step,) = (s for s in steps if str(s.id) == held.claimed.step)
                assert step.gpu == (held.claimed.gpu.kind if step.tied else "")


def no_error():
    return nullcontext()


def nothing_or_lost(held: Held):
    return no_error() if held.good else pytest.raises(LeaseLost)


def _outcome(claimed: Claimed, way: str) -> Outcome:
    match way:
        case "broke":
            return broke()
        case "refused":
            return disagreed() if claimed.action.kind == "verify" else refused()
        case "stopped":
            return Stopped()
        case _:
            return success(claimed)


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url, backoff=timedelta(0)) as made:
        yield made


def test_leases(queue: World) -> None:
    machine = type("Machine", (Leases,), {"queue": queue})
    patience = settings(
        max_examples=15,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run(machine, settings=patience)
