"""What the use cases need from outside. `shared.adapters` has one of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from shared.domain.artifacts import Artifact
from shared.domain.lifecycle import Lease
from shared.domain.offers import Offer, Queue
from shared.domain.orders import ProgressNote, WorkOrder
from shared.domain.outcomes import Outcome
from shared.domain.plans import Action


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step and the right to work on it. `inputs` are by role, as in WorkOrder."""

    step: str
    job: str
    action: Action
    inputs: dict[str, Artifact]
    lease: Lease


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
        self, worker: str, capabilities: Sequence[str], queue: Queue, term: timedelta
    ) -> Claimed | None:
        """Lease the best ready step that these capabilities can serve, or None."""
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

    def unheard(self, age: timedelta) -> dict[Queue, int]:
        """How many ready steps, due for longer than `age`, nobody has claimed, by class."""
        ...


class Fleet(Protocol):
    """The register of workers."""

    def announce(self, offer: Offer) -> None: ...
    def seen(self, worker: str) -> None: ...
    def leave(self, worker: str) -> None: ...


class Doorbell(Protocol):
    """Tell a class of workers that there is something to claim. May be lost."""

    def ring(self, queue: Queue, times: int = 1) -> None:
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


class ObjectStore(Protocol):
    """Content-addressed, write-once bytes.

    Every method raises StoreAway when the store does not answer, and the writing ones raise
    StorageFull when there is no room.
    """

    def put(self, source: Path) -> tuple[str, int]:
        """Store a file; its digest and size in bytes. Equal bytes are stored once."""
        ...

    def fetch(self, digest: str, target: Path) -> None:
        """Copy an object to a new file; the digest is checked on the way."""
        ...

    def size(self, digest: str) -> int:
        """In bytes.

        Raises:
            NotFound: there is no such object.
        """
        ...

    def read(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of [start, end) in chunks, never more than a few MiB at a time."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """A seekable reader that fetches only what is read."""
        ...

    def signed_url(self, digest: str, filename: str, expires: timedelta) -> str | None:
        """A URL that downloads the object with no key, where the store can sign; else None."""
        ...

    def stage(self, upload: str, number: int, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Keep one part of an upload until it is joined; its digest and size.

        Nothing is kept when `chunks` raises.
        """
        ...

    def join(
        self, upload: str, numbers: Sequence[int], accept: Callable[[str, int, BinaryIO], Any]
    ) -> tuple[str, int]:
        """Turn staged parts into one object; its digest and size.

        `accept` is given the digest, the size and a seekable reader of the whole before it
        becomes an object; when it raises, no object comes to be.
        """
        ...

    def unstage(self, upload: str) -> None:
        """Forget the staged parts of an upload."""
        ...

    def check(self) -> None: ...


class Runner(Protocol):
    """Carry out one work order where it can hurt nobody."""

    def run(
        self,
        order: WorkOrder,
        folder: Path,
        *,
        hear: Callable[[ProgressNote | str], None],
        stop: Callable[[], bool],
    ) -> tuple[Outcome, Usage]:
        """Run the order in its folder, which holds the inputs already.

        `hear` is given progress notes and log lines as they come; `stop` is polled several
        times a second, and True ends the child and its kin. A convert's Produced carries no
        artifact yet: the caller stores `folder / order.output`.
        """
        ...
