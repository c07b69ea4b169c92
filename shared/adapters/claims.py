"""Claiming: the one query that decides who does what next."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    Text,
    any_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from shared.adapters.tables import JobRow, StepRow
from shared.domain.lifecycle import State
from shared.domain.offers import Queue

MOST_LINES: Final = 32
"""Classes that are merged one by one; what there is beyond them is sorted at every claim."""

_Twin = aliased(StepRow)


def twin_runs(kind: str = "") -> Any:
    """Whether a step that would write the same is running, on that kind of GPU if it matters."""
    return exists().where(
        _Twin.fingerprint == StepRow.fingerprint,
        _Twin.gpu == case((StepRow.tied, kind), else_=""),
        _Twin.state == State.RUNNING.value,
    )


def next_step(
    capabilities: Sequence[str], queue: Queue, classes: Sequence[str], kind: str = ""
) -> Select[StepRow, JobRow]:
    """The best ready step of these classes, with its job, both locked.

    By priority, then the fair turn of its job, then age; those that others hold are passed by.
    Served by the index steps_claim, in which each class stands in this order: several are merged.
    """
    query = (
        select(StepRow, JobRow)
        .join(JobRow, JobRow.id == StepRow.job_id)
        .where(
            StepRow.state == State.READY.value,
            StepRow.capability
            == any_(bindparam("capabilities", list(capabilities), type_=ARRAY(Text))),
            or_(StepRow.not_before.is_(None), StepRow.not_before <= func.now()),
            ~twin_runs(kind),
        )
        .limit(1)
        .with_for_update(of=[JobRow, StepRow], key_share=True, skip_locked=True)
    )
    if len(classes) == 1:
        return query.where(StepRow.queue == queue.value, StepRow.needs == classes[0]).order_by(
            *_best_first(StepRow)
        )
    line = union_all(*(_line(queue, some) for some in _lines(classes))).subquery("line")
    return query.join(line, line.c.id == StepRow.id).order_by(*_best_first(line.c))


def _lines(classes: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from ([each] for each in classes[:MOST_LINES])
    if len(classes) > MOST_LINES:
        yield classes[MOST_LINES:]


def _line(queue: Queue, classes: Sequence[str]) -> Any:
    """In order, each by itself: PostgreSQL merges what is sorted, and sorts what is not."""
    is_here = StepRow.needs == classes[0] if len(classes) == 1 else StepRow.needs.in_(classes)
    return (
        select(StepRow.id, StepRow.priority, StepRow.turn, StepRow.ready_at)
        .where(StepRow.state == State.READY.value, StepRow.queue == queue.value, is_here)
        .order_by(*_best_first(StepRow))
    )


def _best_first(step: Any) -> tuple[Any, ...]:
    return step.priority.desc(), step.turn, step.ready_at, step.id


def twins(fingerprint: str, but: UUID) -> Select[StepRow, JobRow]:
    """Ready steps of other jobs that would write the same, locked; those held are passed by.

    A twin that is passed by is finished when someone claims it.
    """
    return (
        select(StepRow, JobRow)
        .join(JobRow, JobRow.id == StepRow.job_id)
        .where(
            StepRow.fingerprint == fingerprint,
            StepRow.state == State.READY.value,
            StepRow.job_id != but,
        )
        .with_for_update(of=[JobRow, StepRow], key_share=True, skip_locked=True)
    )


def lost_race(error: IntegrityError) -> bool:
    """Whether a twin was claimed between our looking and our claiming."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == "steps_flight"
