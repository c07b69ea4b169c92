"""Steps: the queue, as a worker and the sweeper use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.domain.artifacts import Artifact
from shared.domain.gpus import Gpu, Needs
from shared.domain.lifecycle import Lease
from shared.domain.offers import Offer, Queue
from shared.domain.orders import ProgressNote
from shared.domain.outcomes import Outcome
from shared.domain.plans import Action, Convert


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step and the right to work on it.

    `inputs` are by role, as in WorkOrder; `gpu` is the device that it was claimed for. `route`
    are the converts of its route, where it verifies.
    """

    step: str
    job: str
    action: Action
    inputs: dict[str, Artifact]
    lease: Lease
    gpu: Gpu | None = None
    route: tuple[Convert, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step that is ready: who is to be rung for. Equal fingerprints are one piece of work."""

    fingerprint: str
    queue: Queue
    needs: Needs


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt cost. `peak_memory` in bytes, of the child; `seconds` of wall time."""

    seconds: float
    peak_memory: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a worker hears when it renews its leases."""

    lost: frozenset[str]  # steps whose lease is another's now
    cancelled: frozenset[str]  # steps whose job someone cancelled


class StepStore(Protocol):
    """The only door to the steps table. Every write by a worker names its lease."""

    def claim(
        self,
        worker: str,
        capabilities: Sequence[str],
        queue: Queue,
        term: timedelta,
        gpu: Gpu | None = None,
    ) -> Claimed | None:
        """Lease the best ready step that these capabilities, and this device, can serve."""
        ...

    def renew(self, worker: str, leases: dict[str, Lease], term: timedelta) -> Pulse:
        """Prolong the leases (by step id), in one statement."""
        ...

    def report(self, claimed: Claimed, note: ProgressNote | None, lines: Sequence[str]) -> None:
        """Record progress and log lines.

        Raises:
            LeaseLost: the step is another attempt's now.
        """
        ...

    def settle(self, claimed: Claimed, outcome: Outcome, usage: Usage, offer: Offer) -> None:
        """End the attempt and advance its job, in one transaction.

        Raises:
            LeaseLost: nothing was changed; the step is another attempt's now.
        """
        ...

    def expire(self, limit: int) -> Sequence[str]:
        """Take back steps whose lease ran out (as a broken attempt); their ids."""
        ...

    def unheard(self, age: timedelta) -> dict[tuple[Queue, Needs], int]:
        """How many ready steps, due for longer than `age`, nobody has claimed, by class."""
        ...

    def forget(self, digest: str) -> None:
        """Never again reuse the results that wrote this artifact: the store has lost it."""
        ...
