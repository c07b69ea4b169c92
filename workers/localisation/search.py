"""Search: where, along a sequence, what was right becomes wrong, by bisection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Probe = Callable[[int], bool | None]
"""Whether it is wrong at that position; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Found:
    """Right at `right`, wrong at `wrong`; `probes` positions were tried.

    What is between the two, where anything is, could not be told or was not tried.
    """

    right: int
    wrong: int
    probes: int


def bisect(positions: Sequence[int], probe: Probe, may_go_on: Callable[[int], bool]) -> Found:
    """Narrow down to two neighbouring positions, in at most ceil(log2(len - 1)) probes that tell.

    Args:
        positions: ascending; right at the first and wrong at the last, which are not tried.
        probe: need not be monotone: whatever it says, the first of the two positions found is
            right and the second is wrong.
        may_go_on: whether, after so many probes, another one is worth it.
    """
    low, high = 0, len(positions) - 1
    probes = 0
    silent: set[int] = set()
    while (at := _middle(low, high, silent)) is not None and may_go_on(probes):
        probes += 1
        match probe(positions[at]):
            case None:
                silent.add(at)
            case True:
                high = at
            case False:
                low = at
    return Found(positions[low], positions[high], probes)


def _middle(low: int, high: int, silent: set[int]) -> int | None:
    """The one nearest to the middle that was not tried in vain."""
    middle = (low + high) // 2
    for distance in range(high - low):
        for at in (middle - distance, middle + distance):
            if low < at < high and at not in silent:
                return at
    return None
