"""Claiming: the one query that decides who does what next."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, any_, bindparam, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from shared.adapters.tables import JobRow, StepRow
from shared.domain.lifecycle import State
from shared.domain.offers import Queue

_Twin = aliased(StepRow)


def twin_runs() -> Any:
    """Whether a step that would write the same is running."""
    return exists().where(
        _Twin.fingerprint == StepRow.fingerprint, _Twin.state == State.RUNNING.value
    )


def next_step(capabilities: Sequence[str], queue: Queue) -> Select[StepRow, JobRow]:
    """The best ready step, with its job, both locked; those that others hold are passed by.

    By priority, then the fair turn of its job, then age. Served by the index steps_claim.
    """
    return (
        select(StepRow, JobRow)
        .join(JobRow, JobRow.id == StepRow.job_id)
        .where(
            StepRow.state == State.READY.value,
            StepRow.queue == queue.value,
            StepRow.capability
            == any_(bindparam("capabilities", list(capabilities), type_=ARRAY(Text))),
            or_(StepRow.not_before.is_(None), StepRow.not_before <= func.now()),
            ~twin_runs(),
        )
        .order_by(StepRow.priority.desc(), StepRow.turn, StepRow.ready_at, StepRow.id)
        .limit(1)
        .with_for_update(of=[JobRow, StepRow], key_share=True, skip_locked=True)
    )


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
