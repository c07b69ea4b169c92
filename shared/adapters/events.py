"""Events: what happened to a job, written once and in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.adapters.tables import EventRow, JobRow, StepRow
from shared.domain.plans import Action
from shared.domain.views import EventView

CHANNEL: Final = "modelferry_events"
GREATEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that has no number yet."""

    kind: str
    step: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


def of_step(kind: str, step: StepRow, action: Action, **data: Any) -> Happening:
    """An event that says which step it is about, for those who see nothing else of it."""
    about = {
        "kind": step.kind,
        "title": action.title,
        "round": step.round,
        "route": step.route,
        "position": step.position,
        "attempt": step.attempt,
    }
    return Happening(kind, step.id, about | data)


def record(session: Session, job: JobRow, happenings: Sequence[Happening]) -> None:
    """Append to the job's history and wake those who watch it.

    The caller holds the job row's lock: so numbers have no gaps, and a lower one is never
    seen after a higher one.
    """
    if not happenings:
        return
    first = job.last_seq + 1
    job.last_seq += len(happenings)
    rows = [
        {"job_id": job.id, "seq": seq, "step_id": each.step, "kind": each.kind, "data": each.data}
        for seq, each in enumerate(happenings, first)
    ]
    session.flush()
    session.execute(insert(EventRow), rows)
    session.execute(select(func.pg_notify(CHANNEL, str(job.id))))


def history(
    session: Session, job_id: UUID, after: int, limit: int, kinds: Sequence[str] | None
) -> tuple[EventView, ...]:
    """Events with a greater seq than `after`, in order."""
    query = (
        select(EventRow)
        .where(EventRow.job_id == job_id, EventRow.seq > min(after, GREATEST))
        .order_by(EventRow.seq)
        .limit(limit)
    )
    if kinds is not None:
        query = query.where(EventRow.kind.in_(kinds))
    return tuple(
        EventView(
            seq=row.seq,
            kind=row.kind,
            step_id=str(row.step_id) if row.step_id else None,
            data=row.data,
            at=row.at,
        )
        for row in session.scalars(query)
    )
