"""Budget: what a localisation may cost."""

import time
from dataclasses import dataclass, field
from typing import Final

MOST_CONVERSIONS: Final = 12
"""Enough to find one node of four thousand."""

SHARE: Final = 0.5
"""Of the time that is left of the step when the disagreement is known."""

SECONDS: Final = 300.0
"""Where the step has no deadline, and at most."""


@dataclass
class Budget:
    """Time, measured from now. `left` is what the step has left, in seconds; None: any.

    `is_spent` once something was refused for it.
    """

    left: float | None = None
    is_spent: bool = False
    _began: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)
    _longest: float = 0.0

    @property
    def seconds(self) -> float:
        return SECONDS if self.left is None else min(SECONDS, SHARE * self.left)

    def may_go_on(self) -> bool:
        """Whether something that takes as long as the longest so far would end in time."""
        now = time.monotonic()
        self._longest = max(self._longest, now - self._last)
        self._last = now
        self.is_spent |= now + self._longest > self._began + self.seconds
        return not self.is_spent

    def may_convert(self, conversions: int) -> bool:
        """Whether another conversion may follow so many."""
        self.is_spent |= conversions >= MOST_CONVERSIONS
        return self.may_go_on()
