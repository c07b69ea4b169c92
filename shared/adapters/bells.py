"""Bells: ring for what has become ready, after the commit that made it so."""

from collections import Counter
from collections.abc import Mapping

from shared.domain.errors import BrokerAway
from shared.domain.offers import Queue
from shared.ports import Doorbell
from shared.telemetry import logger

log = logger(__name__)


class Bells:
    """A doorbell that may fail: the sweeper rings again for steps that nobody heard of."""

    def __init__(self, doorbell: Doorbell) -> None:
        self._doorbell = doorbell

    def ring(self, ready: Mapping[str, Queue]) -> None:
        """Ring once for each fingerprint: of equal steps one worker does the work of all."""
        for queue, times in Counter(ready.values()).items():
            try:
                self._doorbell.ring(queue, times)
            except BrokerAway as error:
                log.warning("doorbell_unheard", queue=queue.value, times=times, error=str(error))
