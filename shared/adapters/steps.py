"""Steps: the queue. Claimed, leased, fenced and settled in Postgres, and nowhere else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from typing_extensions import override

from shared.adapters.abandoning import Unreadable, abandon, naming
from shared.adapters.bells import Bells
from shared.adapters.claims import lost_race, next_step, twin_runs
from shared.adapters.classes import classes_for, needs_of
from shared.adapters.course import ACTION, Course, inputs_of
from shared.adapters.database import Database
from shared.adapters.events import of_step, record
from shared.adapters.leases import held_by, next_expired, renew
from shared.adapters.settling import Ending, Persistence, settle
from shared.adapters.tables import AttemptRow, JobRow, ResultRow, StepRow
from shared.domain.errors import LeaseLost, WorkerLost
from shared.domain.gpus import Gpu, Needs
from shared.domain.jobs import Place, route_at
from shared.domain.lifecycle import Lease, Move, State, moved
from shared.domain.offers import Offer, Queue
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Broke, Outcome
from shared.ports import Claimed, Pulse, StepStore, Usage


class Steps(StepStore):
    """The steps of one database. Each method is one transaction, or one for each step."""

    def __init__(self, database: Database, bells: Bells, persistence: Persistence) -> None:
        self._database = database
        self._bells = bells
        self._persistence = persistence

    @override
    def claim(
        self,
        worker: str,
        capabilities: Sequence[str],
        queue: Queue,
        term: timedelta,
        gpu: Gpu | None = None,
    ) -> Claimed | None:
        taker = _Taker(worker, term, gpu)
        while True:
            try:
                with self._database.begin() as session:
                    classes = classes_for(session, queue, gpu)
                    if not classes:
                        return None
                    best = next_step(capabilities, queue, classes, taker.kind)
                    found = session.execute(best).first()
                    if found is None:
                        return None
                    step, job = found
                    with naming(step, job):
                        claimed, course = _take(session, step, job, taker)
            except IntegrityError as error:  # the twin runs by now, and is passed by from here on
                if not lost_race(error):
                    raise
                continue
            except Unreadable as error:
                self._abandon(error)
                continue
            if claimed is not None:
                return claimed
            self._bells.ring(course.ready)

    @override
    def renew(self, worker: str, leases: dict[str, Lease], term: timedelta) -> Pulse:
        with self._database.begin() as session:
            return renew(session, worker, leases, term)

    @override
    def report(self, claimed: Claimed, note: ProgressNote | None, lines: Sequence[str]) -> None:
        with self._database.begin() as session:
            job = _lock(session, claimed)
            step = session.scalars(
                update(StepRow)
                .where(held_by(claimed.step, claimed.lease.attempt))
                .values(_noted(note))
                .returning(StepRow)
            ).one_or_none()
            if step is None:
                raise _lost(claimed)
            happened = []
            if note is not None:
                data = note.model_dump()
                happened.append(of_step("step.progress", step, claimed.action, **data))
            if lines:
                happened.append(of_step("step.log", step, claimed.action, lines=list(lines)))
            record(session, job, happened)

    @override
    def settle(self, claimed: Claimed, outcome: Outcome, usage: Usage, offer: Offer) -> None:
        ending = Ending(claimed.step, claimed.lease.attempt, outcome, usage, offer)
        with self._database.begin() as session:
            bells = settle(session, _lock(session, claimed), ending, self._persistence)
        self._bells.ring(bells)

    @override
    def expire(self, limit: int) -> Sequence[str]:
        expired: list[str] = []
        while len(expired) < limit:
            try:
                with self._database.begin() as session:
                    found = session.execute(next_expired()).first()
                    if found is None:
                        break
                    step, job = found
                    ending = Ending(str(step.id), step.attempt, _lost_with(step))
                    with naming(step, job):
                        bells = settle(session, job, ending, self._persistence)
            except Unreadable as error:
                self._abandon(error)
                expired.append(error.step)
            else:
                self._bells.ring(bells)
                expired.append(ending.step)
        return expired

    @override
    def forget(self, digest: str) -> None:
        with self._database.begin() as session:
            session.execute(delete(ResultRow).where(ResultRow.output_digest == digest))

    @override
    def unheard(self, age: timedelta) -> dict[tuple[Queue, Needs], int]:
        due = func.greatest(StepRow.ready_at, StepRow.not_before)
        query = (
            select(StepRow.queue, StepRow.needs, func.count())
            .where(StepRow.state == State.READY.value, due < func.now() - age, ~twin_runs())
            .group_by(StepRow.queue, StepRow.needs)
        )
        waiting: Counter[tuple[Queue, Needs]] = Counter()
        with self._database.begin() as session:
            for queue, written, count in session.execute(query):
                needs = needs_of(written)
                if needs is not None:  # else nobody whom this version knows can be rung for
                    waiting[Queue(queue), needs] += count
        return dict(waiting)

    def _abandon(self, error: Unreadable) -> None:
        with self._database.begin() as session:
            abandon(session, error)


@dataclass(frozen=True, slots=True)
class _Taker:
    """Who claims, for how long, and the device that is held for it."""

    worker: str
    term: timedelta
    gpu: Gpu | None

    @property
    def kind(self) -> str:
        return self.gpu.kind if self.gpu else ""

    @property
    def device(self) -> dict[str, Any] | None:
        return self.gpu.model_dump() if self.gpu else None


def _take(
    session: Session, step: StepRow, job: JobRow, taker: _Taker
) -> tuple[Claimed | None, Course]:
    """Give the step to the worker, or finish it at once when its result is known by now.

    A twin may have settled between our looking and our claiming: its entry in steps_flight
    makes this UPDATE wait for that commit, and so the look at the results comes after it.
    """
    course = Course(session, job)
    worker = taker.worker
    lease = Lease(worker, step.attempt + 1, course.now + taker.term)
    before = step.attempt
    step.state = moved(State(step.state), Move.CLAIM).value
    step.worker, step.attempt, step.lease_expires = worker, lease.attempt, lease.expires
    step.gpu = taker.kind if step.tied else ""
    session.flush()
    known = session.get(ResultRow, (step.fingerprint, step.gpu))
    if known is not None:
        step.worker, step.attempt, step.lease_expires = None, before, None
        course.reuse(step, known)
        course.follow()
        return None, course
    step.started_at = step.started_at or course.now
    attempt = AttemptRow(step_id=step.id, number=lease.attempt, worker=worker, gpu=taker.device)
    session.add(attempt)
    on = {"gpu": taker.gpu.name} if taker.gpu else {}
    course.say_of(step, "step.running", worker=worker, **on)
    course.follow()
    action = ACTION.validate_python(step.action)
    claimed = Claimed(
        str(step.id),
        str(job.id),
        action,
        inputs_of(step),
        lease,
        taker.gpu,
        route_at(course.plan, Place(step.route, step.position)),
    )
    return claimed, course


def _lock(session: Session, claimed: Claimed) -> JobRow:
    job = session.get(JobRow, UUID(claimed.job), with_for_update={"key_share": True})
    if job is None:
        raise _lost(claimed)
    return job


def _lost(claimed: Claimed) -> LeaseLost:
    return LeaseLost(f"Attempt {claimed.lease.attempt} of step {claimed.step} was superseded.")


def _lost_with(step: StepRow) -> Broke:
    lost = WorkerLost(f"Worker {step.worker} was not heard from in time, and lost the step.")
    return Broke(lost.fault)


def _noted(note: ProgressNote | None) -> dict[str, Any]:
    """The columns that a progress note changes; a share that is no share is left out."""
    if note is None:
        return {"worker": StepRow.worker}
    columns: dict[str, Any] = {"message": note.message.replace("\0", "\ufffd")}
    if note.progress is not None and isfinite(note.progress):
        columns["progress"] = min(max(note.progress, 0.0), 1.0)
    return columns
