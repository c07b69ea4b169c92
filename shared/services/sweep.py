"""Sweep: what nobody else looks after. Safe to run in several places at once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final, TypeVar

from shared.domain.errors import DatabaseAway, Ours, Passing
from shared.domain.offers import bells_for
from shared.ports import Doorbell, Fleet, StepStore
from shared.telemetry import logger

BATCH: Final = 100
"""Leases taken back in one round."""

UNHEARD_AFTER: Final = timedelta(seconds=1)
"""A step that is ready for longer, unclaimed, is rung for again."""

log = logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one round did, and what it could not do. `expired`: ids of steps."""

    expired: tuple[str, ...] = ()
    rung: int = 0
    dropped: int = 0
    troubles: tuple[str, ...] = ()


class Sweep:
    """One round: take back leases that ran out, ring for the unheard, drop old uploads."""

    def __init__(
        self,
        steps: StepStore,
        fleet: Fleet,
        doorbell: Doorbell,
        drop_uploads: Callable[[], int],
        *,
        term: timedelta,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._steps = steps
        self._fleet = fleet
        self._doorbell = doorbell
        self._drop_uploads = drop_uploads
        self._term = term
        self._clock = clock
        self._in_touch_since: float | None = None

    def __call__(self) -> SweepReport:
        """Each part is tried, whatever became of the others."""
        troubles: list[str] = []
        none: tuple[str, ...] = ()
        expired = self._part(self._expire, none, troubles)
        rung = self._part(self._ring, 0, troubles)
        dropped = self._part(self._drop_uploads, 0, troubles)
        return SweepReport(expired, rung, dropped, tuple(troubles))

    def _part(self, part: Callable[[], T], nothing: T, troubles: list[str]) -> T:
        try:
            return part()
        except Passing as error:
            if isinstance(error, DatabaseAway):
                self._in_touch_since = None
            log.warning("sweep_hindered", code=error.code, error=str(error))
            troubles.append(error.code)
        except Exception:  # what no part may do to the others: keep them from their work
            log.exception("sweep_part_failed")
            troubles.append(Ours.code)
        return nothing

    def _expire(self) -> tuple[str, ...]:
        """After an outage every lease looks run out: workers get one term to renew first."""
        if self._in_touch_since is None:
            self._fleet.slots()
            self._in_touch_since = self._clock()
        if self._clock() - self._in_touch_since < self._term.total_seconds():
            return ()
        return tuple(self._steps.expire(BATCH))

    def _ring(self) -> int:
        """Once for each step and each doorbell that it may be served behind, as far as there
        are slots."""
        slots, gpus = self._fleet.slots(), self._fleet.gpus()
        bells: Counter[str] = Counter()
        for (queue, needs), waiting in self._steps.unheard(UNHEARD_AFTER).items():
            bells.update(dict.fromkeys(bells_for(queue, needs, gpus), waiting))
        rung = 0
        for bell, waiting in bells.items():
            times = min(waiting, slots.get(bell, 0))
            if times:
                self._doorbell.ring(bell, times)
                rung += times
        return rung
