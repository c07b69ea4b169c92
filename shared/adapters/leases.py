"""Leases: who holds which step, and until when."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from shared.adapters.tables import JobRow, StepRow
from shared.domain.lifecycle import Lease, State
from shared.ports import Pulse


def held_by(step: str, attempt: int) -> Any:
    """The fence: true of the step's row as long as this attempt is the current one."""
    return and_(
        StepRow.id == UUID(step),
        StepRow.attempt == attempt,
        StepRow.state == State.RUNNING.value,
    )


def renew(session: Session, worker: str, leases: dict[str, Lease], term: timedelta) -> Pulse:
    """Prolong all leases of a worker that are still its own, in one statement.

    A lease that ran out and that nobody took back yet is still good.
    """
    if not leases:
        return Pulse(lost=frozenset(), cancelled=frozenset())
    fences = or_(*(held_by(step, lease.attempt) for step, lease in leases.items()))
    mine = (
        select(StepRow.id)
        .where(fences, StepRow.worker == worker)
        .order_by(StepRow.id)
        .with_for_update(key_share=True)
        .cte("mine")
    )
    renewed = session.execute(
        update(StepRow)
        .where(StepRow.id == mine.c.id, JobRow.id == StepRow.job_id)
        .values(lease_expires=func.clock_timestamp() + term)
        .returning(StepRow.id, JobRow.cancel_requested),
        execution_options={"synchronize_session": False},
    ).all()
    held = {str(step) for step, _ in renewed}
    return Pulse(
        lost=frozenset(leases) - held,
        cancelled=frozenset(str(step) for step, cancelled in renewed if cancelled),
    )


def next_expired() -> Select[StepRow, JobRow]:
    """The step whose lease ran out first, with its job, both locked. Index: steps_leases."""
    return (
        select(StepRow, JobRow)
        .join(JobRow, JobRow.id == StepRow.job_id)
        .where(
            StepRow.state == State.RUNNING.value, StepRow.lease_expires < func.clock_timestamp()
        )
        .order_by(StepRow.lease_expires)
        .limit(1)
        .with_for_update(of=[JobRow, StepRow], key_share=True, skip_locked=True)
    )
