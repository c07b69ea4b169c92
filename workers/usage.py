"""Usage: what one attempt holds of the machine while it runs."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, assert_never

from shared.domain.errors import DeadlineExceeded, FerryError, MemoryExceeded, OutputExceeded
from shared.domain.faults import Fault
from shared.domain.outcomes import Limit, Overran
from workers.limits import Limits
from workers.processes import descendants, private, resident

DISK_INTERVAL: Final = 0.5
"""Seconds between two walks through the folder."""

MIB: Final = 1 << 20


class Meter:
    """Looks at a child's kin, its folder and the clock, and says when a limit is passed.

    Args:
        keeper: the process above the child; all below it count together.
        inherited: bytes of memory that the child shared with the fork server at first.
        folder: what is in it already does not count.
    """

    def __init__(self, limits: Limits, folder: Path, keeper: int, inherited: int) -> None:
        self._limits = limits
        self._folder = folder
        self._keeper = keeper
        self._inherited = inherited
        self._started = time.monotonic()
        self._given = occupied(folder)
        self._disk_due = self._started
        self.peak = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def overrun(self) -> Overran | None:
        """Which limit is passed, if one is. Meant to be asked ten times a second."""
        if self.seconds > self._limits.seconds:
            return self._over(Limit.TIME)
        if self._memory() > self._limits.memory:
            return self._over(Limit.MEMORY)
        if time.monotonic() >= self._disk_due:
            self._disk_due = time.monotonic() + DISK_INTERVAL
            if self.is_full():
                return self._over(Limit.OUTPUT)
        return None

    def is_full(self) -> bool:
        """RLIMIT_FSIZE lets a file grow to the limit and no further: equal is over."""
        return occupied(self._folder) - self._given >= self._limits.disk

    def _over(self, limit: Limit) -> Overran:
        return Overran(limit, exceeded(limit, self._limits), timedelta(seconds=self.seconds))

    def _memory(self) -> int:
        """Bytes: an estimate from above while that is below the limit, else exact."""
        kin = descendants(self._keeper)
        held = sum(_of_living(resident, pid) for pid in kin)
        used = max(0, held - self._inherited)
        if held > self._limits.memory:
            used = sum(_of_living(private, pid) for pid in kin)
        self.peak = max(self.peak, used)
        return used


def occupied(folder: Path) -> int:
    """Bytes of the files below `folder`, by their size or their blocks, whichever is more."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found = (Path(where) / name).lstat()
                total += max(found.st_size, found.st_blocks * 512)
    return total


def _of_living(measure: Callable[[int], int], pid: int) -> int:
    try:
        return measure(pid)
    except ProcessLookupError:
        return 0


def exceeded(limit: Limit, limits: Limits) -> Fault:
    """What the owner of the step is told."""
    return _error(limit, limits).fault


def _error(limit: Limit, limits: Limits) -> FerryError:
    match limit:
        case Limit.TIME:
            return DeadlineExceeded(
                f"The step was ended after {limits.seconds:.0f} seconds, the longest it may take."
            )
        case Limit.MEMORY:
            return MemoryExceeded(
                f"The step needed more than {limits.memory // MIB} MiB of memory, the most it may"
                " use."
            )
        case Limit.OUTPUT:
            return OutputExceeded(
                f"The step wrote {limits.disk // MIB} MiB or more, the most it may write."
            )
        case _:
            assert_never(limit)
