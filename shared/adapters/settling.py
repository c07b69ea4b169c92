"""Settling: the end of an attempt, whoever tells of it, and all that follows."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.adapters.claims import twins
from shared.adapters.classes import needs_of
from shared.adapters.course import ACTION, Course, Ready, inputs_of, meets
from shared.adapters.leases import held_by
from shared.adapters.tables import AttemptRow, JobRow, ResultRow, StepRow
from shared.domain.errors import Crashed, LeaseLost, WorkerLost
from shared.domain.findings import findings
from shared.domain.fingerprints import fingerprint
from shared.domain.lifecycle import Move, State, moved
from shared.domain.offers import Offer
from shared.domain.outcomes import (
    Agreed,
    Broke,
    Disagreed,
    Outcome,
    Produced,
    Refused,
    fault_of,
    verdict,
)
from shared.domain.rosters import toolchain
from shared.ports import Usage
from shared.telemetry import logger

log = logger(__name__)

MOST_ATTEMPTS: Final = 10
"""Of one step, whatever ended them: one that takes its workers with it must end too."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How often, and how soon, a step is tried again when the machine is at fault.

    Attempts whose worker was lost, or was told to stop, say nothing about the step: they are
    not counted against `max_attempts`, only against MOST_ATTEMPTS.
    """

    max_attempts: int
    backoff: timedelta  # before the second attempt; doubled for each further one

    def left(self, attempt: int, spent: int) -> int:
        """How many attempts there are yet to be, of which this one may have been spent."""
        return min(self.max_attempts - spent, max(self.max_attempts, MOST_ATTEMPTS) - attempt)

    def pause(self, spent: int) -> timedelta:
        return self.backoff * (1 << max(spent - 1, 0))


@dataclass(frozen=True, slots=True)
class Ending:
    """An attempt and how it ended. No usage and no offer: its worker was lost."""

    step: str
    attempt: int
    outcome: Outcome
    usage: Usage | None = None
    offer: Offer | None = None


def settle(session: Session, job: JobRow, ending: Ending, persistence: Persistence) -> Ready:
    """End the attempt, advance its job and those that waited for its result.

    The caller has locked the job's row, and rings for what is returned.

    Raises:
        LeaseLost: the step is another attempt's now.
    """
    course = Course(session, job)
    believed = replace(ending, outcome=_believed(session, ending))
    step = _close(course, believed, persistence)
    course.follow()
    result = _keep(session, step, believed)
    return course.ready | (_share(session, result, job.id) if result else set())


def _believed(session: Session, ending: Ending) -> Outcome:
    """The outcome, if others can read in its report what they look for there.

    An engine is verified on the kind of GPU that its manifest names: on another than it was
    built on, or on one that nobody has.
    """
    outcome = ending.outcome
    if not isinstance(outcome, Produced | Agreed | Disagreed | Refused):
        return outcome
    try:
        manifest = findings(outcome.report).manifest
    except ValidationError as error:
        log.warning("report_unreadable", error=str(error))
        return Broke(Crashed("The step ended with a report that cannot be read.").fault)
    built_on = manifest.gpu.model_dump() if manifest and manifest.gpu else None
    if built_on is not None and built_on != _device(session, ending):
        log.warning("manifest_of_another_gpu", gpu=built_on)
        return Broke(Crashed("The step ended with the manifest of another GPU.").fault)
    return outcome


def _close(course: Course, ending: Ending, persistence: Persistence) -> StepRow:
    outcome = ending.outcome
    spent = _spent(course.session, ending)
    # A job that someone cancelled ends as cancelled, whatever its last attempt has to say.
    move = (
        Move.CANCEL
        if course.job.cancel_requested
        else verdict(outcome, persistence.left(ending.attempt, spent))
    )
    fault = fault_of(outcome)
    error = fault.model_dump() if fault else None
    values: dict[str, Any] = {
        "state": moved(State.RUNNING, move).value,
        "worker": None,
        "lease_expires": None,
        **_findings(outcome, move),
    }
    if move is Move.RETRY:
        pause = persistence.pause(spent)
        values |= {"not_before": course.now + pause, "progress": None, "gpu": ""}
    else:
        values |= {"ended_at": course.now}
    step = course.session.scalars(
        update(StepRow)
        .where(held_by(ending.step, ending.attempt))
        .values(values)
        .returning(StepRow),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if step is None:
        raise LeaseLost(f"Attempt {ending.attempt} of step {ending.step} was superseded.")
    _close_attempt(course.session, ending, error)
    match move:
        case Move.FINISH:
            course.finished(step)
        case Move.RETRY:
            course.say_of(step, "step.retrying", fault=error)
        case Move.FAIL:
            course.say_of(step, "step.failed", fault=error)
        case _:
            course.say_of(step, "step.cancelled")
    return step


def _spent(session: Session, ending: Ending) -> int:
    """The attempts so far that count, this one included."""
    code = AttemptRow.fault["code"].astext
    earlier = select(func.count()).where(
        AttemptRow.step_id == UUID(ending.step),
        AttemptRow.number < ending.attempt,
        or_(code.is_(None), code != WorkerLost.code),
    )
    outcome = ending.outcome
    is_lost = isinstance(outcome, Broke) and outcome.fault.code == WorkerLost.code
    return session.scalars(earlier).one() + (not is_lost)


def _findings(outcome: Outcome, move: Move) -> dict[str, Any]:
    """What the step's row keeps of the outcome, where the move lets it stand."""
    if move not in {Move.FINISH, Move.FAIL}:
        return {}
    found: dict[str, Any] = {}
    fault = fault_of(outcome)
    if fault:
        found["fault"] = fault.model_dump()
    if isinstance(outcome, Produced | Agreed | Disagreed):
        found["report"] = outcome.report
    if isinstance(outcome, Refused) and outcome.report:
        found["report"] = outcome.report
    return found | _output(outcome)


def _output(outcome: Outcome) -> dict[str, Any]:
    artifact = outcome.artifact if isinstance(outcome, Produced) else None
    if artifact is None:
        return {}
    return {
        "output_digest": artifact.digest,
        "output_format": artifact.format,
        "output_size": artifact.size,
    }


def _close_attempt(session: Session, ending: Ending, error: dict[str, Any] | None) -> None:
    usage = ending.usage
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.step_id == UUID(ending.step), AttemptRow.number == ending.attempt)
        .values(
            ended_at=func.clock_timestamp(),
            outcome=type(ending.outcome).__name__.lower(),
            fault=error,
            peak_memory=usage.peak_memory if usage else None,
            seconds=usage.seconds if usage else None,
        )
    )


def _keep(session: Session, step: StepRow, ending: Ending) -> ResultRow | None:
    """Put the result into the cache, under the packages that the worker really has, and the kind
    of GPU that it is tied to.

    What is returned stands under the fingerprint as it was planned: for the twins.
    """
    outcome = ending.outcome
    if not isinstance(outcome, Produced | Agreed) or ending.offer is None:
        return None
    action = ACTION.validate_python(step.action)
    digests = [each.digest for each in inputs_of(step).values()]
    actual = fingerprint(action, digests, toolchain(action, ending.offer))
    values = {
        "gpu": step.gpu,
        "device": _device(session, ending),
        "report": outcome.report,
        **_output(outcome),
    }
    session.execute(
        insert(ResultRow).values(fingerprint=actual, **values).on_conflict_do_nothing()
    )
    return ResultRow(fingerprint=step.fingerprint, **values)


def _device(session: Session, ending: Ending) -> dict[str, Any] | None:
    return session.get_one(AttemptRow, (UUID(ending.step), ending.attempt)).gpu


def _share(session: Session, result: ResultRow, but: UUID) -> Ready:
    """Finish the ready twins of a step that is done, where its result is good for them."""
    ready: Ready = set()
    for twin, job in session.execute(twins(result.fingerprint, but)):
        if not _serves(result, twin):
            continue
        try:
            course = Course(session, job)
        except ValidationError as error:  # who claims it ends it
            log.warning("twin_unreadable", job=str(job.id), error=str(error))
            continue
        course.reuse(twin, result)
        course.follow()
        ready |= course.ready
    return ready


def _serves(result: ResultRow, twin: StepRow) -> bool:
    """Whether what was written on that device is what the twin asked for."""
    needs = needs_of(twin.needs)
    return not twin.tied or (needs is not None and meets(result, needs))
