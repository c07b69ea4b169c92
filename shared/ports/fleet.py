"""The fleet: who is there, how to wake them, and who has which device."""

from contextlib import AbstractContextManager
from typing import Protocol

from shared.domain.gpus import Gpu
from shared.domain.offers import Offer
from shared.domain.rosters import Roster
from shared.domain.views import WorkerView


class Fleet(Protocol):
    """The register of workers."""

    def announce(self, offer: Offer) -> None: ...
    def seen(self, worker: str) -> None: ...
    def leave(self, worker: str) -> None: ...

    def roster(self) -> Roster:
        """Every distinct offer ever made."""
        ...

    def workers(self) -> tuple[WorkerView, ...]:
        """Those that announced themselves, the latest first."""
        ...

    def gpus(self) -> tuple[Gpu, ...]:
        """The devices of the workers on line."""
        ...

    def slots(self) -> dict[str, int]:
        """How many steps the workers on line can run at once, by doorbell (`Offer.bells`)."""
        ...


class Doorbell(Protocol):
    """Tell a class of workers that there is something to claim. May be lost."""

    def ring(self, bell: str, times: int = 1) -> None:
        """
        Raises:
            BrokerAway: nobody heard it.
        """
        ...

    def check(self) -> None:
        """
        Raises:
            BrokerAway: the broker does not answer within a second.
        """
        ...


class Devices(Protocol):
    """One step on a device at a time, whichever worker it is that sees the device."""

    def alone(self, uuid: str) -> AbstractContextManager[bool]:
        """Hold the device within the `with` block; False where another holds it.

        Raises:
            DatabaseAway: nobody can say. Never after the block has begun.
        """
        ...
