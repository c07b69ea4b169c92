"""The heartbeat: one thread that keeps a worker's leases, and hears of cancellations."""

import threading
from datetime import timedelta
from pathlib import Path

from shared.domain.errors import DatabaseAway
from shared.domain.offers import Offer
from shared.ports import Fleet, StepStore
from shared.services.flights import Flights
from shared.telemetry import logger

log = logger(__name__)


class Heartbeat:
    """Beats until it is stopped, whether the database listens or not.

    It announces the offer at its first beat that is heard, and again after each silence: the
    database that comes back may be another one. Each beat touches `mark`, the sign of life that
    `python -m workers.alive` looks at.
    """

    def __init__(
        self,
        *,
        steps: StepStore,
        fleet: Fleet,
        flights: Flights,
        offer: Offer,
        interval: float,
        term: timedelta,
        mark: Path,
    ) -> None:
        self._steps = steps
        self._fleet = fleet
        self._flights = flights
        self._offer = offer
        self._interval = interval
        self._term = term
        self._mark = mark
        self._known = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop, and leave the register. What is in hand then is kept by nobody."""
        self._ending.set()
        self._thread.join()
        if self._known:
            try:
                self._fleet.leave(self._offer.worker)
            except DatabaseAway as error:
                log.warning("leave_unheard", error=str(error))

    def _beat_on(self) -> None:
        while True:
            try:
                self._beat()
            except DatabaseAway as error:
                log.warning("heartbeat_unheard", error=str(error))
                self._known = False
            except Exception:  # without its heart a worker would lose every step it has
                log.exception("heartbeat_failed")
            self._mark.touch()
            if self._ending.wait(self._interval):
                return

    def _beat(self) -> None:
        if not self._known:
            self._fleet.announce(self._offer)
            self._known = True
            log.info("worker_announced", worker=self._offer.worker)
        leases = self._flights.leases()
        if leases:
            self._flights.hear(self._steps.renew(self._offer.worker, leases, self._term))
        self._fleet.seen(self._offer.worker)
