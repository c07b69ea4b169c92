"""Abandoning: the end of a job that cannot be read, so that it stands in nobody's way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from shared.adapters.events import Happening, record
from shared.adapters.tables import AttemptRow, JobRow, StepRow
from shared.domain.errors import Ours
from shared.domain.jobs import JobState
from shared.domain.lifecycle import Move, State, moved
from shared.telemetry import logger

log = logger(__name__)


class Unreadable(Exception):
    """The rows of a job hold what this version cannot read."""

    def __init__(self, step: UUID, job: UUID, why: ValidationError) -> None:
        super().__init__(str(why))
        self.step = str(step)
        self.job = job


@contextmanager
def naming(step: StepRow, job: JobRow) -> Iterator[None]:
    """Say which job it is that cannot be read.

    Raises:
        Unreadable: one of its rows is of no shape that is known here.
    """
    try:
        yield
    except ValidationError as error:
        raise Unreadable(step.id, job.id, error) from error


def abandon(session: Session, unreadable: Unreadable) -> None:
    """End the job as failed, and all of its steps, without reading what it planned."""
    log.error("job_unreadable", job=str(unreadable.job), error=str(unreadable))
    job = session.get_one(JobRow, unreadable.job, with_for_update={"key_share": True})
    now = session.scalars(select(func.now())).one()
    fault = Ours(
        "What was planned for this job cannot be read by this version. Submit it again."
    ).fault.model_dump()
    happened = []
    for step in session.scalars(_unended(job.id)):
        runs = step.state == State.RUNNING
        if runs:
            _end_attempt(session, step, fault)
            step.worker, step.lease_expires, step.fault = None, None, fault
        step.state = moved(State(step.state), Move.FAIL if runs else Move.CANCEL).value
        step.ended_at = now
        happened.append(_told(step))
    if not JobState(job.state).final:
        job.state, job.error, job.ended_at = JobState.FAILED.value, fault, now
        happened.append(Happening("job.failed", data={"proof": None, "error": fault}))
    record(session, job, happened)


def _unended(job_id: UUID) -> Select[StepRow]:
    ended = [state.value for state in State if state.final]
    return (
        select(StepRow)
        .where(StepRow.job_id == job_id, StepRow.state.not_in(ended))
        .order_by(StepRow.round, StepRow.route, StepRow.position)
        .with_for_update(key_share=True)
    )


def _end_attempt(session: Session, step: StepRow, fault: dict[str, Any]) -> None:
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.step_id == step.id, AttemptRow.number == step.attempt)
        .values(ended_at=func.clock_timestamp(), outcome="broke", fault=fault)
    )


def _told(step: StepRow) -> Happening:
    """As other steps are told of, but for the title, which only its action could say."""
    data: dict[str, Any] = {
        "kind": step.kind,
        "title": step.kind,
        "round": step.round,
        "route": step.route,
        "position": step.position,
        "attempt": step.attempt,
    }
    if step.fault is not None:
        data["fault"] = step.fault
    return Happening(f"step.{step.state}", step.id, data)
