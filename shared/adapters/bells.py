"""Bells: ring for what has become ready, after the commit that made it so."""

from collections import Counter
from collections.abc import Iterable

from shared.domain.errors import BrokerAway, DatabaseAway
from shared.domain.gpus import Gpu
from shared.domain.offers import Queue, bells_for
from shared.ports import Doorbell, Fleet, Wanted
from shared.telemetry import logger

log = logger(__name__)


class Bells:
    """A doorbell that may fail: the sweeper rings again for steps that nobody heard of."""

    def __init__(self, doorbell: Doorbell, fleet: Fleet) -> None:
        self._doorbell = doorbell
        self._fleet = fleet

    def ring(self, ready: Iterable[Wanted]) -> None:
        """Ring once for each piece of work: of equal steps one worker does the work of all."""
        wanted = set(ready)
        gpus = self._gpus() if any(each.queue is Queue.GPU for each in wanted) else ()
        bells = Counter(
            bell for each in wanted for bell in bells_for(each.queue, each.needs, gpus)
        )
        for bell, times in bells.items():
            try:
                self._doorbell.ring(bell, times)
            except BrokerAway as error:
                log.warning("doorbell_unheard", bell=bell, times=times, error=str(error))

    def _gpus(self) -> tuple[Gpu, ...]:
        try:
            return self._fleet.gpus()
        except DatabaseAway as error:
            log.warning("fleet_unknown", error=str(error))
            return ()
