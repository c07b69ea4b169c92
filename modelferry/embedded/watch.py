"""A watch over one part: it is started again when it dies, after growing pauses."""

import time
from collections.abc import Callable

from modelferry.embedded.part import Part

STEADY = 60.0  # seconds after which a death is a new case
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the next start


class Watch:
    """`say` takes what a reader should know: what died, with what last words, what is back."""

    def __init__(self, part: Part, say: Callable[[str], None]) -> None:
        self.part = part
        self._say = say
        self._started = time.monotonic()
        self._due: float | None = None
        self._deaths = 0
        self._settled = True

    def look(self) -> bool:
        """Do what is due now. True when the part was started again."""
        if self._due is not None:
            return self._start_when_due()
        if self.part.pid is None:
            self._mourn()
        elif not self._settled and self.part.healthy():
            self._settled = True
            self._say(f"{self.part.name} is back")
        return False

    def _mourn(self) -> None:
        now = time.monotonic()
        if now - self._started > STEADY:
            self._deaths = 0
        pause = PAUSES[min(self._deaths, len(PAUSES) - 1)]
        self._deaths += 1
        self._due = now + pause
        self._say(
            f"{self.part.name} ended with status {self.part.status} and is started again in"
            f" {pause:g} s. Its last lines, of {self.part.log}:\n{self.part.tail()}"
        )
        self.part.kill()  # what is left of its session

    def _start_when_due(self) -> bool:
        if self._due is None or time.monotonic() < self._due:
            return False
        self._due = None
        self._started = time.monotonic()
        self._settled = False
        self.part.launch()
        return True
