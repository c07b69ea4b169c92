"""The one task: someone rang, so look for work until there is none."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from celery import Celery, Task
from kombu.exceptions import OperationalError

from shared.adapters.doorbell import TASK
from shared.domain.errors import DatabaseAway
from shared.domain.offers import Offer, Queue
from shared.telemetry import logger
from workers.doorbells import Answer

log = logger(__name__)

PASSED: Final = "passed"
"""The header that counts how many workers had no place for what was rung for."""

MOST_PASSES: Final = 16
"""Then nobody has one, most likely; whoever gets a place free looks for work by itself."""


class Answering:
    """Any thread answers any bell, but no class of work has more threads than it has places.

    So a step for a GPU finds a thread, however many steps there are for the CPU. A thread that
    comes back to its place looks again if a bell rang meanwhile: whoever heard that one may
    have turned away because the place was taken.
    """

    def __init__(self, execute: Callable[[Queue], bool], offer: Offer) -> None:
        self._execute = execute
        self._bells = offer.bells
        self._places = _places(offer)
        self._taken: Counter[Queue] = Counter()
        self._rung = 0
        self._lock = threading.Lock()

    def __call__(self, bell: str) -> bool:
        """Work until there is none; False if this bell was not for us, all places being taken.

        Raises:
            DatabaseAway: nothing can be claimed.
        """
        worked = False
        with self._lock:
            self._rung += 1
        while True:
            heard = self._rung
            if any(self._one(queue) for queue in self._places):
                worked = True
            elif self._rung == heard:
                return worked or not self._is_full(bell)

    def _one(self, queue: Queue) -> bool:
        with self._lock:
            if self._taken[queue] == self._places[queue]:
                return False
            self._taken[queue] += 1
        try:
            return self._execute(queue)
        finally:
            with self._lock:
                self._taken[queue] -= 1

    def _is_full(self, bell: str) -> bool:
        queue = Queue.CPU if bell == Queue.CPU.value else Queue.GPU
        return self._taken[queue] >= self._bells.get(bell, 0)


def places(offer: Offer) -> int:
    """How many steps the worker runs at once."""
    return sum(_places(offer).values())


def answer_with(app: Celery, execute: Callable[[Queue], bool], offer: Offer) -> None:
    """Have the app carry out steps whenever a doorbell rings, of whatever class."""
    answering = Answering(execute, offer)

    @app.task(name=TASK, base=Answer, bind=True)  # type: ignore[untyped-decorator]  # no types
    def answer(self: Task) -> None:
        bell = str(self.request.delivery_info["routing_key"])
        try:
            if not answering(bell):
                _pass_on(app, bell, self.request.headers or {})
        except DatabaseAway as error:  # the sweeper rings again when the database is back
            log.warning("nothing_claimed", error=str(error))


def _pass_on(app: Celery, bell: str, headers: dict[str, Any]) -> None:
    """Ring again: another worker may have a place. Those that waited longest are served first."""
    passed = int(headers.get(PASSED, 0))
    if passed == MOST_PASSES:
        return
    try:
        app.send_task(TASK, queue=bell, headers={PASSED: passed + 1}, retry=False)
    except OperationalError as error:
        log.warning("doorbell_unheard", bell=bell, error=str(error))


def _places(offer: Offer) -> dict[Queue, int]:
    known = {Queue.CPU: offer.slots, Queue.GPU: len(offer.gpus)}
    return {queue: known[queue] for queue in offer.queues}
