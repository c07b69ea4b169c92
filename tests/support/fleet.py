"""A worker's hands without the worker: real offers, real claims, real settlements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from shared.bootstrap import FleetServices, fleet_services
from shared.domain.faults import Fault
from shared.domain.offers import Offer, Queue
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Outcome, Produced, Refused
from shared.ports import Claimed, Usage
from shared.settings import Settings
from workers.offering import offer

NAME = "hands"
TERM = timedelta(minutes=5)
LEFT_OVER = Fault(code="conversion_failed", band="yours", detail="Its test is over.")


class Hands:
    """Does by hand what `python -m workers` does by itself."""

    def __init__(self, fleet: FleetServices) -> None:
        self.fleet = fleet
        self.offer: Offer = offer(
            NAME, "here", queues=(Queue.CPU,), slots=1, memory=8 << 30, isolation={}
        )

    def announce(self) -> None:
        self.fleet.fleet.announce(self.offer)

    def claim(self, job: str) -> Claimed:
        """The ready step of this job. Those of other tests' jobs that come first are refused."""
        while True:
            claimed = self.fleet.steps.claim(NAME, self.offer.capabilities, Queue.CPU, TERM)
            assert claimed is not None, f"job {job} has no ready step"
            if claimed.job == job:
                return claimed
            self.settle(claimed, Refused(LEFT_OVER))

    def say(self, claimed: Claimed, message: str, lines: Sequence[str] = ()) -> None:
        self.fleet.steps.report(claimed, ProgressNote(message=message, progress=0.5), lines)

    def settle(self, claimed: Claimed, outcome: Outcome | None = None) -> None:
        self.fleet.steps.settle(
            claimed, outcome or Produced(None, {}), Usage(0.1, 1 << 20), self.offer
        )


@contextmanager
def hands(settings: Settings) -> Iterator[Hands]:
    yield Hands(fleet_services(settings))
