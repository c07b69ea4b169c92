"""Needs: what is missing where nobody can take a job's ready step, or one that is to follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.gpus import ANY, GIB, Gpu, Needs
from shared.domain.jobs import INSPECTION, Place, action_at, needs_at
from shared.domain.lifecycle import State
from shared.domain.offers import Offer, Queue
from shared.domain.plans import Action
from shared.domain.rosters import Roster
from shared.domain.views import JobView, StepView

MOST_NAMED: Final = 8
"""Devices, and reasons of workers, in one sentence."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a step would do, and on what."""

    action: Action
    needs: Needs = ANY


def due_steps(view: JobView) -> list[Due]:
    """The job's ready step, and the GPU steps that are to follow it on its route.

    A GPU is worth telling of at once: the steps before it may take long.
    """
    ahead = [
        step
        for step in view.steps
        if step.round == view.round and step.state in {State.READY, State.WAITING}
    ]
    due = [
        _due(view, step) for step in ahead if step.state is State.READY or _is_of_gpu(view, step)
    ]
    inspecting = all(step.route == INSPECTION for step in view.steps if step.round == view.round)
    if inspecting and not view.state.final:
        due += [
            Due(action, needs_at(action, ()))
            for action in view.plan.routes[0].actions
            if action.queue is Queue.GPU
        ]
    return due


def _is_of_gpu(view: JobView, step: StepView) -> bool:
    return action_at(view.plan, Place(step.route, step.position)).queue is Queue.GPU


def _due(view: JobView, step: StepView) -> Due:
    action = action_at(view.plan, Place(step.route, step.position))
    if action.queue is Queue.CPU:
        return Due(action)
    return Due(action, needs_at(action, [each.report or {} for each in _before(view, step)]))


def first_missing(due: Sequence[Due], roster: Roster) -> str | None:
    """What the first of these steps lacks that nobody on line can take; None if none does."""
    return next((said for each in due if (said := missing_worker(each, roster))), None)


def missing_worker(due: Due, roster: Roster) -> str | None:
    """The worker that the step needs and that is not on line; None if one is."""
    there = [member.offer for member in roster.members if member.online]
    able = [offer for offer in there if due.action.capability in offer.capabilities]
    if due.action.queue is Queue.GPU:
        return _missing_gpu(due, there, able)
    if any(Queue.CPU in offer.queues for offer in able):
        return None
    names = sorted(offer.worker for offer in there)
    on_line = f"On line: {', '.join(names)}." if names else "No worker is on line."
    return (
        f"To {due.action.title}, a worker that offers {due.action.capability} is needed on the"
        f" {due.action.queue} queue. {on_line}"
    )


def _missing_gpu(due: Due, there: Sequence[Offer], able: Sequence[Offer]) -> str | None:
    """Two may be missing: a device that would do, and what its worker would do there."""
    needs = due.needs
    if any(needs.met_by(gpu) for offer in able for gpu in offer.gpus):
        return None
    fitting = [offer for offer in there if any(map(needs.met_by, offer.gpus))]
    if fitting:
        gpus = [gpu for offer in fitting for gpu in offer.gpus if needs.met_by(gpu)]
        return (
            f"waiting: needs a worker that offers {due.action.capability} on {needs}; on line"
            f" without it: {_told(gpus, needs)}{_reasons(fitting)}"
        )
    gpus = [gpu for offer in there for gpu in offer.gpus]
    why = "" if gpus else _reasons(there)
    return f"waiting: needs {needs}; on line: {_told(gpus, needs)}{why}"


def _told(gpus: Iterable[Gpu], needs: Needs) -> str:
    """Each kind once: `9.0 (NVIDIA H200)`, with its memory where that was asked for."""
    kinds = {
        f"{gpu.compute_capability} ({gpu.name}"
        + (f", {gpu.memory / GIB:.4g} GiB)" if needs.memory else ")")
        for gpu in gpus
    }
    return _some(sorted(kinds), ", ") or "no GPU"


def _reasons(offers: Iterable[Offer]) -> str:
    """What these workers looked for at their start and did not find."""
    told = {f"{offer.worker}: {each.rstrip('.')}" for offer in offers for each in offer.missing}
    return f" ({_some(sorted(told), '; ')})" if told else ""


def _some(sentences: Sequence[str], joint: str) -> str:
    rest = len(sentences) - MOST_NAMED
    more = [f"{rest} more"] if rest > 0 else []
    return joint.join([*sentences[:MOST_NAMED], *more])


def _before(view: JobView, step: StepView) -> list[StepView]:
    return [
        each
        for each in view.steps
        if (each.round, each.route) == (step.round, step.route) and each.position < step.position
    ]
