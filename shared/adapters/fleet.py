"""The fleet: the register of workers."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import array, insert
from typing_extensions import override

from shared.adapters.database import Database
from shared.adapters.tables import WorkerRow
from shared.domain.gpus import Gpu
from shared.domain.offers import Offer
from shared.domain.rosters import Member, Roster
from shared.domain.views import WorkerView
from shared.ports import Fleet
from shared.telemetry import logger

log = logger(__name__)

T = TypeVar("T")

DEVICES: Final[TypeAdapter[tuple[Gpu, ...]]] = TypeAdapter(tuple[Gpu, ...])

SHOWN: Final = 200
"""Workers in the list; each start of one writes a row, and old rows interest nobody."""


class Workers(Fleet):
    """The workers of one database; on line are those heard from within the last `term`."""

    def __init__(self, database: Database, term: timedelta) -> None:
        self._database = database
        self._term = term

    @override
    def announce(self, offer: Offer) -> None:
        values = {
            "offer": offer.model_dump(mode="json"),
            "started_at": func.now(),
            "seen_at": func.now(),
            "stopped_at": None,
        }
        statement = insert(WorkerRow).values(id=offer.worker, **values)
        with self._database.begin() as session:
            session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    @override
    def seen(self, worker: str) -> None:
        with self._database.begin() as session:
            session.execute(
                update(WorkerRow).where(WorkerRow.id == worker).values(seen_at=func.now())
            )

    @override
    def leave(self, worker: str) -> None:
        with self._database.begin() as session:
            session.execute(
                update(WorkerRow).where(WorkerRow.id == worker).values(stopped_at=func.now())
            )

    @override
    def roster(self) -> Roster:
        online = self._online().label("online")
        # All that decides whether it can be read, too: or an unreadable offer hides its like.
        contents = (WorkerRow.offer.op("-")(array(["worker", "host", "slots", "memory"])), online)
        distinct = (
            select(WorkerRow.offer, WorkerRow.started_at, online)
            .distinct(*contents)
            .order_by(*contents, WorkerRow.started_at.desc())
            .subquery()
        )
        query = select(distinct.c.online, distinct.c.offer).order_by(
            distinct.c.online.desc(), distinct.c.started_at.desc()
        )
        with self._database.begin() as session:
            rows = session.execute(query).all()
        return Roster(tuple(Member(offer, here) for here, offer in _readable(rows)))

    @override
    def workers(self) -> tuple[WorkerView, ...]:
        query = (
            select(WorkerRow, self._online().label("online"), WorkerRow.offer)
            .order_by(self._online().desc(), WorkerRow.seen_at.desc(), WorkerRow.id)
            .limit(SHOWN)
        )
        with self._database.begin() as session:
            rows = session.execute(query).all()
        return tuple(
            WorkerView(
                id=row.id,
                offer=offer,
                online=online,
                started_at=row.started_at,
                seen_at=row.seen_at,
                stopped_at=row.stopped_at,
            )
            for (row, online), offer in _readable(((r, o), raw) for r, o, raw in rows)
        )

    @override
    def gpus(self) -> tuple[Gpu, ...]:
        query = select(WorkerRow.id, WorkerRow.offer["gpus"]).where(self._online())
        with self._database.begin() as session:
            rows = session.execute(query).all()
        return tuple(gpu for worker, raw in rows for gpu in _devices(worker, raw))

    @override
    def slots(self) -> dict[str, int]:
        slots: Counter[str] = Counter()
        for offer in self._offers():
            slots.update(offer.bells)
        return dict(slots)

    def _offers(self) -> list[Offer]:
        """Of the workers on line."""
        query = select(WorkerRow.id, WorkerRow.offer).where(self._online())
        with self._database.begin() as session:
            rows = session.execute(query).all()
        return [offer for _, offer in _readable(rows)]

    def _online(self) -> ColumnElement[bool]:
        return and_(WorkerRow.stopped_at.is_(None), WorkerRow.seen_at > func.now() - self._term)


def _devices(worker: str, raw: Any) -> tuple[Gpu, ...]:
    """Read without the rest of the offer, which is long, and asked for at every submission."""
    try:
        return DEVICES.validate_python(raw or ())
    except ValidationError as error:
        log.warning("devices_unreadable", worker=worker, error=str(error))
        return ()


def _readable(rows: Iterable[tuple[T, dict[str, Any]]]) -> Iterator[tuple[T, Offer]]:
    """Without the offers of other versions that this one cannot read: they serve no plan here."""
    for beside, raw in rows:
        try:
            offer = Offer.model_validate(raw)
        except ValidationError as error:
            log.warning("offer_unreadable", worker=raw.get("worker"), error=str(error))
        else:
            yield beside, offer
