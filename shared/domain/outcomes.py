"""How an attempt at a step can end. A value, not an exception: the caller must look."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, assert_never

from shared.domain.artifacts import Artifact
from shared.domain.faults import Fault
from shared.domain.lifecycle import Move


@dataclass(frozen=True, slots=True)
class Produced:
    """It worked. `artifact` is in the store already (an inspection has none)."""

    artifact: Artifact | None
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Agreed:
    """Verification ran both models and they agree."""

    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Disagreed:
    """Verification ran both models and they do not agree."""

    fault: Fault
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """The model is at fault: an operator that is not covered, a file that cannot be loaded."""

    fault: Fault
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broke:
    """The machine is at fault: killed, disk full, store away. Worth another attempt."""

    fault: Fault


class Limit(StrEnum):
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Overran:
    """It hit one of its limits and was killed; it would hit it again."""

    limit: Limit
    fault: Fault
    after: timedelta


@dataclass(frozen=True, slots=True)
class Stopped:
    """Someone cancelled the job, and the child is gone."""


Outcome = Produced | Agreed | Disagreed | Refused | Broke | Overran | Stopped


def verdict(outcome: Outcome, attempts_left: int) -> Move:
    """What becomes of the step. Total: a new kind of outcome is a type error here."""
    match outcome:
        case Produced() | Agreed():
            return Move.FINISH
        case Disagreed() | Refused() | Overran():
            return Move.FAIL
        case Broke():
            return Move.RETRY if attempts_left > 0 else Move.FAIL
        case Stopped():
            return Move.CANCEL
        case _:
            assert_never(outcome)


def fault_of(outcome: Outcome) -> Fault | None:
    """Why it did not work, for the step's row; None where it did, or where it was stopped."""
    match outcome:
        case Disagreed(fault=fault) | Refused(fault=fault) | Broke(fault=fault):
            return fault
        case Overran(fault=fault):
            return fault
        case Produced() | Agreed() | Stopped():
            return None
        case _:
            assert_never(outcome)
