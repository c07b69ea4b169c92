"""The life of a step: one table, one function.

The diagram in docs/architecture.md and the CHECK constraints of the first migration are
derived from MOVES; a test walks every pair of state and move, legal or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.errors import IllegalMove


class State(StrEnum):
    """Where a step is."""

    WAITING = "waiting"  # an earlier step has not finished
    READY = "ready"  # may be claimed
    RUNNING = "running"  # leased by one worker
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {State.DONE, State.FAILED, State.CANCELLED}


class Move(StrEnum):
    """What can happen to a step."""

    UNBLOCK = "unblock"
    CLAIM = "claim"
    FINISH = "finish"
    RETRY = "retry"
    FAIL = "fail"
    CANCEL = "cancel"


MOVES: Final[Mapping[tuple[State, Move], State]] = {
    (State.WAITING, Move.UNBLOCK): State.READY,
    (State.WAITING, Move.CANCEL): State.CANCELLED,
    (State.READY, Move.CLAIM): State.RUNNING,
    (State.READY, Move.FINISH): State.DONE,  # the result was known already
    (State.READY, Move.CANCEL): State.CANCELLED,
    (State.RUNNING, Move.FINISH): State.DONE,
    (State.RUNNING, Move.RETRY): State.READY,
    (State.RUNNING, Move.FAIL): State.FAILED,
    (State.RUNNING, Move.CANCEL): State.CANCELLED,
}


def moved(state: State, move: Move) -> State:
    """The state after the move.

    Raises:
        IllegalMove: the table has no such move.
    """
    try:
        return MOVES[state, move]
    except KeyError:
        raise IllegalMove(f"Cannot {move} a step that is {state}.") from None


def sources(move: Move) -> tuple[State, ...]:
    """The states that the move may leave from: the WHERE of the UPDATE that makes it."""
    return tuple(state for state, name in MOVES if name is move)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a step, for a while. `attempt` is the fencing token."""

    worker: str
    attempt: int
    expires: datetime

    def renewed(self, now: datetime, term: timedelta) -> "Lease":
        return Lease(self.worker, self.attempt, now + term)
