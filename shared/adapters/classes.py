"""Classes: ready steps that need the same of a GPU wait in a line of their own.

A class is needs written down in one way only. A device passes by whole classes: however many
steps wait for another kind of GPU, a claim reads none of them.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.adapters.tables import StepRow
from shared.domain.gpus import ANY, Gpu, Needs
from shared.domain.lifecycle import State
from shared.domain.offers import Queue


def class_of(needs: Needs) -> str:
    """As JSON, with the GPU's name in small words: who asks for the same is in one class."""
    plain = needs.model_copy(update={"gpu": needs.name})
    return plain.model_dump_json(exclude_defaults=True)


ANYWHERE: Final = class_of(ANY)
"""The class of all that needs no GPU, and of what takes any."""


def needs_of(written: str) -> Needs | None:
    """The needs of a class; None for one that only a later version can read."""
    try:
        needs = Needs.model_validate_json(written)
    except ValidationError:
        return None
    return needs if class_of(needs) == written else None


def classes_for(session: Session, queue: Queue, gpu: Gpu | None) -> Sequence[str]:
    """Where there are ready steps that may run there: on the device, or without one."""
    if queue is Queue.CPU:
        return [ANYWHERE]
    if gpu is None:
        return []
    return [each for each, needs in waiting(session, queue).items() if needs.met_by(gpu)]


def waiting(session: Session, queue: Queue) -> dict[str, Needs]:
    """The classes that have a ready step, but for those of later versions."""
    known = {each: needs_of(each) for each in session.scalars(waiting_classes(queue))}
    return {each: needs for each, needs in known.items() if needs is not None}


def waiting_classes(queue: Queue) -> Select[str]:
    """Each class that has a ready step, by one look at an index for each.

    PostgreSQL has no skip scan for DISTINCT. PostgreSQL wiki, "Loose indexscan".
    """
    found = select(_least(queue).label("needs")).cte("classes", recursive=True)
    further = _least(queue, StepRow.needs > found.c.needs)
    found = found.union_all(select(further).where(found.c.needs.is_not(None)))
    return select(found.c.needs).where(found.c.needs.is_not(None))


def _least(queue: Queue, *more: Any) -> Any:
    return (
        select(StepRow.needs)
        .where(StepRow.state == State.READY.value, StepRow.queue == queue.value, *more)
        .order_by(StepRow.needs)
        .limit(1)
        .scalar_subquery()
    )
