"""Flights: the steps that this worker has in hand, and why one of them is to be put down."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from shared.domain.lifecycle import Lease
from shared.ports import Claimed, Pulse


class Landing(IntEnum):
    """Why a step is put down before its end. Of two reasons the greater one stands."""

    CLOSING = 1  # the worker stops: another one takes the step
    CANCELLED = 2  # someone cancelled its job
    LOST = 3  # it is another attempt's by now: not a word more about it


class Flight:
    """One step in hand."""

    def __init__(self, claimed: Claimed) -> None:
        self.claimed = claimed
        self._lock = threading.Lock()
        self._reason: Landing | None = None

    @property
    def reason(self) -> Landing | None:
        return self._reason

    def land(self, reason: Landing) -> None:
        with self._lock:
            self._reason = reason if self._reason is None else max(self._reason, reason)

    def is_landing(self) -> bool:
        return self._reason is not None


class Flights:
    """All steps in hand. `closing`: take no new one. `halted`: wait for nothing any more."""

    def __init__(self) -> None:
        self.closing = threading.Event()
        self.halted = threading.Event()
        self._lock = threading.Lock()
        self._flights: dict[str, Flight] = {}

    @contextmanager
    def hold(self, claimed: Claimed) -> Iterator[Flight]:
        flight = Flight(claimed)
        with self._lock:
            earlier = self._flights.get(claimed.step)
            if earlier is not None:  # another thread of ours has it yet, and lost it unheard
                earlier.land(Landing.LOST)
            self._flights[claimed.step] = flight
            if self.halted.is_set():
                flight.land(Landing.CLOSING)
        try:
            yield flight
        finally:
            with self._lock:
                if self._flights.get(claimed.step) is flight:
                    del self._flights[claimed.step]

    def leases(self) -> dict[str, Lease]:
        """By step: what a heartbeat renews."""
        with self._lock:
            return {step: flight.claimed.lease for step, flight in self._flights.items()}

    def on(self, uuid: str) -> bool:
        """Whether a step in hand has this device."""
        with self._lock:
            flown = [flight.claimed.gpu for flight in self._flights.values()]
        return any(gpu is not None and gpu.uuid == uuid for gpu in flown)

    def hear(self, pulse: Pulse) -> None:
        """Tell those that were cancelled or lost."""
        with self._lock:
            for step, flight in self._flights.items():
                if step in pulse.lost:
                    flight.land(Landing.LOST)
                elif step in pulse.cancelled:
                    flight.land(Landing.CANCELLED)

    def halt(self) -> None:
        """Put down all that is in hand, now."""
        self.closing.set()
        with self._lock:
            self.halted.set()
            for flight in self._flights.values():
                flight.land(Landing.CLOSING)
