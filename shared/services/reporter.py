"""The reporter: passes on what a child says, a few times a second, and never holds it up."""

import threading
from types import TracebackType
from typing import Final, Self

from shared.domain.errors import DatabaseAway, LeaseLost
from shared.domain.orders import ProgressNote
from shared.ports import StepStore
from shared.services.flights import Flight, Flights, Landing
from shared.telemetry import logger

log = logger(__name__)

INTERVAL: Final = 0.25
"""Seconds between two reports on one step."""

AWAY: Final = 1.0
"""Seconds to wait when the database is away."""

MOST_LINES: Final = 500
"""Lines in one report: one event, one row."""


class Reporter:
    """For one step. Used as a context: at its end all that was heard has been written."""

    def __init__(self, steps: StepStore, flight: Flight, flights: Flights) -> None:
        self._steps = steps
        self._flight = flight
        self._flights = flights
        self._news = threading.Condition()
        self._note: ProgressNote | None = None
        self._lines: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._news:
            self._ending.set()
            self._news.notify()
        self._thread.join()

    def hear(self, what: ProgressNote | str) -> None:
        """Take it down; of several notes between two reports the last one counts."""
        with self._news:
            if isinstance(what, str):
                self._lines.append(what)
            else:
                self._note = what
            self._news.notify()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._has_news or self._ending.is_set())
                if not self._has_news:
                    return
                note, lines = self._note, self._lines[:MOST_LINES]
            written = self._report(note, lines)
            if self._flight.reason is Landing.LOST or self._flights.halted.is_set():
                return
            if written:
                self._ending.wait(INTERVAL)
            else:
                self._flights.halted.wait(AWAY)

    @property
    def _has_news(self) -> bool:
        return self._note is not None or bool(self._lines)

    def _report(self, note: ProgressNote | None, lines: list[str]) -> bool:
        """Write it, and forget it; False when it has to be tried again."""
        try:
            self._steps.report(self._flight.claimed, note, lines)
        except DatabaseAway:
            return False
        except LeaseLost:
            self._flight.land(Landing.LOST)
        except Exception:  # a report that cannot be written must not cost the step
            log.exception("report_failed", step=self._flight.claimed.step)
        with self._news:
            del self._lines[: len(lines)]
            if self._note is note:
                self._note = None
        return True
