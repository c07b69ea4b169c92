"""A job has no life of its own: what it is, and what comes next, is read off its steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.lifecycle import State
from shared.domain.plans import Action, Plan

INSPECTION = -1
"""The route number of the inspect step, which comes before all routes."""


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"  # no step has been claimed yet
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the plan a step stands: its route (INSPECTION before all), then its position."""

    route: int
    position: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What is due after a step has moved. At most one step becomes ready at a time."""

    state: JobState
    unblock: Place | None = None  # waiting -> ready
    drop: tuple[Place, ...] = ()  # waiting -> cancelled: an earlier step of the route failed
    open: int | None = None  # the route whose steps are to be written, all of them waiting


def action_at(plan: Plan, place: Place) -> Action:
    """What the plan says is done there."""
    if place.route == INSPECTION:
        return plan.inspect
    return plan.routes[place.route].actions[place.position]


def progress(plan: Plan, steps: Sequence[tuple[Place, State]]) -> Progress:
    """What comes next, from the plan and the steps written so far (of the current round).

    The inspect step stands alone; routes are opened one after the other: the next one only
    when a step of the one before has failed. A cancelled step, unless it was dropped behind
    a failed one, cancels the job; while a step runs, nothing is due.
    """
    rows = sorted(steps)
    if any(state is State.RUNNING for _, state in rows):
        return Progress(JobState.RUNNING)
    route = max(place.route for place, _ in rows)
    current = [(place, state) for place, state in rows if place.route == route]
    states = {state for _, state in current}
    waiting = tuple(place for place, state in current if state is State.WAITING)
    if State.FAILED in states:
        return _after_failure(plan, route, waiting)
    if State.CANCELLED in states:
        return Progress(JobState.CANCELLED, drop=waiting)
    if states == {State.DONE}:
        inspected = route == INSPECTION
        return Progress(JobState.RUNNING, open=0) if inspected else Progress(JobState.SUCCEEDED)
    due = None if State.READY in states else waiting[0]
    untouched = all(state in {State.WAITING, State.READY} for _, state in rows)
    return Progress(JobState.QUEUED if untouched else JobState.RUNNING, unblock=due)


def _after_failure(plan: Plan, route: int, waiting: tuple[Place, ...]) -> Progress:
    following = route + 1
    if route == INSPECTION or following == len(plan.routes):
        return Progress(JobState.FAILED, drop=waiting)
    return Progress(JobState.RUNNING, drop=waiting, open=following)
