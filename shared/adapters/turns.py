"""Turns: start-time fair queueing between tenants.

After Goyal, Vin and Cheng, "Start-time Fair Queueing" (1996): a job's turn is the later of its
tenant's last turn plus one and the queue's virtual time, which is the lowest turn that is
ready now or, when nothing is ready, the highest ever given out.

Time stands still for nobody who waits for a GPU that is not there: else whoever came later
would be given a turn of long ago, before all those who are being served.
"""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.adapters.classes import ANYWHERE, waiting
from shared.adapters.tables import StepRow, TenantRow
from shared.domain.gpus import Gpu
from shared.domain.lifecycle import State
from shared.domain.offers import Queue

Line = tuple[Queue, str]
"""A queue, and a class of needs in it."""


def moving_lines(session: Session, gpus: Sequence[Gpu]) -> list[Line]:
    """Those whose steps can be served: by any CPU, and by one of these devices."""
    lines = [(Queue.CPU, ANYWHERE)]
    if gpus:
        asked = waiting(session, Queue.GPU)
        lines += [
            (Queue.GPU, each) for each, needs in asked.items() if any(map(needs.met_by, gpus))
        ]
    return lines


def next_turn(session: Session, tenant: str, lines: Sequence[Line]) -> int:
    """The turn of the tenant's next job. Holds the tenant's row until the commit."""
    lowest = [lowest_turn(*line).scalar_subquery() for line in lines]
    highest = select(func.max(TenantRow.turn))
    now = func.coalesce(func.least(*lowest), highest.scalar_subquery(), 1)
    statement = insert(TenantRow).values(name=tenant, turn=now)
    return session.scalars(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"turn": func.greatest(TenantRow.turn + 1, statement.excluded.turn)},
        ).returning(TenantRow.turn)
    ).one()


def lowest_turn(queue: Queue, needs: str) -> Select[int]:
    """Of a line: one look at the index steps_turns."""
    return select(func.min(StepRow.turn)).where(
        StepRow.state == State.READY.value,
        StepRow.queue == queue.value,
        StepRow.needs == needs,
    )
