"""Needs: what is missing where a step is ready and nobody can take it."""

from shared.domain.jobs import Place, action_at
from shared.domain.lifecycle import State
from shared.domain.plans import Action
from shared.domain.rosters import Roster
from shared.domain.views import JobView


def ready_action(view: JobView) -> Action | None:
    """What the job's ready step would do, if it has one."""
    for step in view.steps:
        if step.round == view.round and step.state is State.READY:
            return action_at(view.plan, Place(step.route, step.position))
    return None


def missing_worker(action: Action, roster: Roster) -> str | None:
    """The worker that the action needs and that is not on line; None if one is."""
    if action.capability in roster.online:
        return None
    there = sorted(each.offer.worker for each in roster.members if each.online)
    on_line = f"On line: {', '.join(there)}." if there else "No worker is on line."
    return (
        f"To {action.title}, a worker that offers {action.capability} is needed on the"
        f" {action.queue} queue. {on_line}"
    )
