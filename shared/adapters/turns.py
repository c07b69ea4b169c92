"""Turns: start-time fair queueing between tenants.

After Goyal, Vin and Cheng, "Start-time Fair Queueing" (1996): a job's turn is the later of its
tenant's last turn plus one and the queue's virtual time, which is the lowest turn that is
ready now or, when nothing is ready, the highest ever given out.
"""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.adapters.tables import StepRow, TenantRow
from shared.domain.lifecycle import State


def next_turn(session: Session, tenant: str) -> int:
    """The turn of the tenant's next job. Holds the tenant's row until the commit."""
    waiting = select(func.min(StepRow.turn)).where(StepRow.state == State.READY.value)
    highest = select(func.max(TenantRow.turn))
    now = func.coalesce(waiting.scalar_subquery(), highest.scalar_subquery(), 1)
    statement = insert(TenantRow).values(name=tenant, turn=now)
    return session.scalars(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"turn": func.greatest(TenantRow.turn + 1, statement.excluded.turn)},
        ).returning(TenantRow.turn)
    ).one()
