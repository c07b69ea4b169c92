"""A job's course: everything that follows, within one transaction, from a step that moved."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.adapters.classes import ANYWHERE, class_of
from shared.adapters.events import Happening, of_step, record
from shared.adapters.tables import JobRow, ModelRow, ResultRow, StepRow
from shared.domain.artifacts import Artifact
from shared.domain.fingerprints import fingerprint
from shared.domain.gpus import ANY, Gpu, Needs
from shared.domain.jobs import (
    INSPECTION,
    JobState,
    Materials,
    Place,
    action_at,
    inputs_at,
    needs_at,
    order_of,
    progress,
)
from shared.domain.lifecycle import Move, State, moved
from shared.domain.offers import Queue
from shared.domain.plans import Action, Convert, Plan
from shared.ports import Wanted
from shared.telemetry import logger

log = logger(__name__)

Ready = set[Wanted]
"""Steps that became ready: to be rung for after the commit."""

ACTION: TypeAdapter[Action] = TypeAdapter(Action)


class Course:
    """One job whose row this transaction has locked.

    The lock order of the whole queue: a job's row before its steps' rows, and no transaction
    that holds a job waits for another job (it skips those that are locked). Leases alone are
    renewed without the job's row, and wait for nothing else.
    """

    def __init__(self, session: Session, job: JobRow) -> None:
        self.session = session
        self.job = job
        self.plan = Plan.model_validate(job.plan)
        self.now = session.scalars(select(func.now())).one()
        self.ready: Ready = set()
        self._steps = list(
            session.scalars(
                select(StepRow).where(StepRow.job_id == job.id, StepRow.round == job.round)
            )
        )
        self._happened: list[Happening] = []

    def say(self, kind: str, **data: Any) -> None:
        """Note an event of the job."""
        self._happened.append(Happening(kind, data=data))

    def say_of(self, step: StepRow, kind: str, **data: Any) -> None:
        """Note an event of a step."""
        self._happened.append(of_step(kind, step, ACTION.validate_python(step.action), **data))

    def begin_round(self) -> None:
        """Write the first step of the job's round."""
        self._write(Place(INSPECTION, 0))

    def follow(self) -> None:
        """Do all that is due, until the job waits for a worker or has ended; write it down."""
        while True:
            due = progress(self.plan, [(_place(row), State(row.state)) for row in self._steps])
            for place in due.drop:
                self.cancel(self._at(place))
            if due.open is not None:
                for position in range(len(self.plan.routes[due.open].actions)):
                    self._write(Place(due.open, position))
            elif due.unblock is not None:
                self._unblock(self._at(due.unblock))
            else:
                break
        self._enter(due.state)
        record(self.session, self.job, self._happened)
        self._happened.clear()

    def cancel_pending(self) -> None:
        """Cancel what no worker has begun."""
        for step in self._steps:
            if step.state in {State.WAITING, State.READY}:
                self.cancel(step)

    def cancel(self, step: StepRow) -> None:
        self._move(step, Move.CANCEL)
        step.ended_at = self.now
        self.say_of(step, "step.cancelled")

    def reuse(self, step: StepRow, result: ResultRow) -> None:
        """Finish a ready step with what an equal one wrote."""
        self._move(step, Move.FINISH)
        step.gpu = result.gpu
        step.output_digest = result.output_digest
        step.output_format = result.output_format
        step.output_size = result.output_size
        step.report = result.report
        step.reused = True
        step.started_at = step.started_at or self.now
        self.finished(step)

    def finished(self, step: StepRow) -> None:
        """What goes with a step's being done, whoever did it."""
        step.progress = 1.0
        step.ended_at = self.now
        self.say_of(step, "step.done", reused=step.reused, output=step.output_digest)
        if step.kind == "inspect":
            self._keep_inspection(step)

    def _at(self, place: Place) -> StepRow:
        return next(row for row in self._steps if _place(row) == place)

    def _move(self, step: StepRow, move: Move) -> None:
        step.state = moved(State(step.state), move).value

    def _write(self, place: Place) -> None:
        action = action_at(self.plan, place)
        step = StepRow(
            id=uuid4(),
            job_id=self.job.id,
            round=self.job.round,
            route=place.route,
            position=place.position,
            kind=action.kind,
            action=action.model_dump(mode="json"),
            capability=action.capability,
            queue=action.queue.value,
            needs=ANYWHERE,
            tied=isinstance(action, Convert) and action.tied,
            gpu="",
            priority=self.job.priority,
            turn=self.job.turn,
            state=State.WAITING.value,
            attempt=0,
            reused=False,
        )
        self.session.add(step)
        self._steps.append(step)
        self.say_of(step, "step.waiting")

    def _unblock(self, step: StepRow) -> None:
        action = action_at(self.plan, _place(step))
        earlier = self._earlier(step)
        inputs = inputs_at(self.plan, _place(step), self._materials(earlier))
        needs = ANY
        if action.queue is Queue.GPU:
            needs = needs_at(action, [row.report or {} for row in earlier])
        digests = [artifact.digest for artifact in inputs.values()]
        step.inputs = {role: artifact.model_dump() for role, artifact in inputs.items()}
        step.fingerprint = fingerprint(action, digests)
        step.needs = class_of(needs)
        step.ready_at = self.now
        self._move(step, Move.UNBLOCK)
        self.say_of(step, "step.ready")
        known = self._known(step, needs)
        if known is not None:
            self.reuse(step, known)
        else:
            self.ready.add(Wanted(step.fingerprint, action.queue, needs))

    def _known(self, step: StepRow, needs: Needs) -> ResultRow | None:
        """What an equal step wrote.

        Where any kind of GPU would do, which one it shall be is not known before the claim.
        """
        if not step.tied:
            return self.session.get(ResultRow, (step.fingerprint, ""))
        if needs.gpu is None and needs.compute_capability is None:
            return None
        written = (
            select(ResultRow)
            .where(ResultRow.fingerprint == step.fingerprint)
            .order_by(ResultRow.created_at)
        )
        return next((each for each in self.session.scalars(written) if meets(each, needs)), None)

    def _earlier(self, step: StepRow) -> list[StepRow]:
        """The converts of the step's route that came before it, in order."""
        return [
            row
            for row in sorted(self._steps, key=_place)
            if row.kind == "convert" and row.route == step.route and row.position < step.position
        ]

    def _materials(self, earlier: Sequence[StepRow]) -> Materials:
        job = self.job
        samples = None
        if job.samples is not None and job.samples_size is not None:
            samples = Artifact(digest=job.samples, format="npz", size=job.samples_size)
        return Materials(
            source=self._source(),
            samples=samples,
            extras=tuple(Artifact.model_validate(each) for each in job.extras or ()),
            outputs={row.position: output_of(row) for row in earlier},
        )

    def _source(self) -> Artifact:
        model = self.session.get_one(ModelRow, self.job.model_id)
        return Artifact(digest=model.digest, format=model.format, size=model.size)

    def _keep_inspection(self, step: StepRow) -> None:
        """Show with the model what was found; who finds it being written leaves it be."""
        unwritten = (
            select(ModelRow)
            .where(ModelRow.id == self.job.model_id, ModelRow.inspection.is_(None))
            .with_for_update(key_share=True, skip_locked=True)
        )
        for model in self.session.scalars(unwritten):
            model.inspection = step.report

    def _enter(self, state: JobState) -> None:
        before, self.job.state = JobState(self.job.state), state.value
        if state is before:
            return
        if state is JobState.RUNNING and self.job.started_at is None:
            self.say("job.running")
        if state is not JobState.QUEUED:
            self.job.started_at = self.job.started_at or self.now
        if state.final:
            self._end(state)

    def _end(self, state: JobState) -> None:
        self.job.ended_at = self.now
        if state is JobState.SUCCEEDED:
            taken = self.plan.routes[max(row.route for row in self._steps)]
            self.job.proof = taken.proof if self.plan.purpose == "convert" else None
        if state is JobState.FAILED:
            self.job.error = self._error()
        self.say(f"job.{state.value}", proof=self.job.proof, error=self.job.error)

    def _error(self) -> dict[str, Any] | None:
        """The best route's fault: the others' are in the report, and often say less."""
        failed = [row for row in sorted(self._steps, key=_place) if row.state == State.FAILED]
        return failed[0].fault


def inputs_of(step: StepRow) -> dict[str, Artifact]:
    """The inputs of a step that is ready or was, by role."""
    kept = step.inputs or {}  # jsonb keeps an order of its own
    return {role: Artifact.model_validate(kept[role]) for role in sorted(kept, key=order_of)}


def meets(result: ResultRow, needs: Needs) -> bool:
    """Whether the result was written on a device that would have done for these needs.

    A device that another version described in words of its own is none that is known here.
    """
    try:
        return result.device is not None and needs.met_by(Gpu.model_validate(result.device))
    except ValidationError as error:
        log.warning("device_unreadable", fingerprint=result.fingerprint, error=str(error))
        return False


def output_of(step: StepRow) -> Artifact:
    """What a convert step wrote."""
    return Artifact.model_validate(
        {"digest": step.output_digest, "format": step.output_format, "size": step.output_size}
    )


def _place(step: StepRow) -> Place:
    return Place(step.route, step.position)
