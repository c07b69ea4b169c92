"""Job views: rows as they are shown."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.adapters.course import ACTION, output_of
from shared.adapters.names import filename
from shared.adapters.tables import AttemptRow, JobRow, ModelRow, StepRow
from shared.domain.artifacts import Artifact
from shared.domain.coverage import Coverage
from shared.domain.faults import Fault
from shared.domain.findings import findings
from shared.domain.gpus import Gpu
from shared.domain.jobs import INSPECTION, JobState
from shared.domain.lifecycle import State
from shared.domain.locations import location
from shared.domain.plans import Plan
from shared.domain.targets import shortened
from shared.domain.views import (
    AttemptView,
    EngineView,
    JobSummary,
    JobView,
    OutputView,
    RejectedRoute,
    Report,
    StepView,
)


def job_view(session: Session, job: JobRow) -> JobView:
    """A job in full, all but what it may be waiting for."""
    model = session.get_one(ModelRow, job.model_id)
    rows = session.scalars(
        select(StepRow)
        .where(StepRow.job_id == job.id)
        .order_by(StepRow.round, StepRow.route, StepRow.position)
    ).all()
    current = [row for row in rows if row.round == job.round]
    plan = Plan.model_validate(job.plan)
    attempts = _attempts(session, rows)
    return JobView(
        **_summary(job, model.name, plan, current),
        plan=plan,
        round=job.round,
        steps=tuple(_step_view(row, attempts.get(row.id, []), model.name) for row in rows),
        report=_report(job, plan, current, model.digest),
        output=_output(job, current, model.name),
        waiting_for=None,
        last_event=job.last_seq,
    )


def job_summaries(session: Session, jobs: Sequence[JobRow]) -> tuple[JobSummary, ...]:
    """Jobs as a list shows them, in the given order."""
    names = dict(
        session.execute(
            select(ModelRow.id, ModelRow.name).where(
                ModelRow.id.in_({job.model_id for job in jobs})
            )
        ).all()
    )
    current: dict[UUID, list[StepRow]] = {job.id: [] for job in jobs}
    rounds = {job.id: job.round for job in jobs}
    for row in session.scalars(select(StepRow).where(StepRow.job_id.in_(current))):
        if row.round == rounds[row.job_id]:
            current[row.job_id].append(row)
    return tuple(
        JobSummary(
            **_summary(job, names[job.model_id], Plan.model_validate(job.plan), current[job.id])
            | {"options": shortened(job.options)}
        )
        for job in jobs
    )


def _summary(
    job: JobRow, model_name: str, plan: Plan, current: Sequence[StepRow]
) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "request": str(job.request),
        "tenant": job.tenant,
        "model_id": str(job.model_id),
        "model_name": model_name,
        "source": job.source,
        "target": job.target,
        "purpose": plan.purpose,
        "options": job.options,
        "priority": job.priority,
        "state": JobState(job.state),
        "proof": job.proof,
        "error": Fault.model_validate(job.error) if job.error else None,
        "progress": _progress(job, plan, current),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def _progress(job: JobRow, plan: Plan, current: Sequence[StepRow]) -> float:
    """The share of the steps on the way now that are done, and of the one that runs."""
    if job.state == JobState.SUCCEEDED:
        return 1.0
    route = max((row.route for row in current), default=INSPECTION)
    actions = plan.routes[max(route, 0)].actions
    done = sum(
        1.0 if row.state == State.DONE else row.progress or 0.0
        for row in current
        if row.route in {INSPECTION, route} and row.state in {State.DONE, State.RUNNING}
    )
    return min(done / (1 + len(actions)), 1.0)


def _attempts(session: Session, steps: Sequence[StepRow]) -> dict[UUID, list[AttemptRow]]:
    found: dict[UUID, list[AttemptRow]] = {}
    query = (
        select(AttemptRow)
        .where(AttemptRow.step_id.in_([row.id for row in steps]))
        .order_by(AttemptRow.step_id, AttemptRow.number)
    )
    for row in session.scalars(query):
        found.setdefault(row.step_id, []).append(row)
    return found


def _step_view(row: StepRow, attempts: Sequence[AttemptRow], model_name: str) -> StepView:
    return StepView(
        id=str(row.id),
        round=row.round,
        route=row.route,
        position=row.position,
        kind=row.kind,
        title=ACTION.validate_python(row.action).title,
        state=State(row.state),
        progress=row.progress,
        message=row.message,
        attempt=row.attempt,
        attempts=tuple(_attempt_view(each) for each in attempts),
        reused=row.reused,
        output=_output_view(output_of(row), model_name) if row.output_digest else None,
        report=row.report,
        fault=Fault.model_validate(row.fault) if row.fault else None,
        ready_at=row.ready_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _attempt_view(row: AttemptRow) -> AttemptView:
    return AttemptView(
        number=row.number,
        worker=row.worker,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        fault=Fault.model_validate(row.fault) if row.fault else None,
        peak_memory=row.peak_memory,
        seconds=row.seconds,
        gpu=Gpu.model_validate(row.gpu) if row.gpu else None,
    )


def _report(job: JobRow, plan: Plan, current: Sequence[StepRow], model: str) -> Report:
    last = max((row.route for row in current), default=INSPECTION)
    taken = plan.routes[last] if job.state == JobState.SUCCEEDED else None
    on_route = [row for row in current if row.route == last]
    verified = [row.report for row in on_route if row.kind == "verify"]
    verification = verified[-1] if verified else None
    proved = job.proof == "verified"
    unproved = not proved
    built = findings(_written(on_route))
    route = plan.routes[max(last, 0)].name
    began, ended = job.started_at, job.ended_at
    return Report.model_validate(
        {
            "proof": job.proof,
            "unverified": taken.unverified if taken and unproved else None,
            "coverage": _coverage(current),
            "engine": EngineView(
                manifest=built.manifest,
                model=model,
                route=route,
                verification=verification if proved else None,
            )
            if built.manifest
            else None,
            "build": built.build,
            "route": taken.name if taken else None,
            "rejected": tuple(_rejected(plan, current)),
            "declined": tuple(each.model_dump() for each in plan.declined),
            "verification": verification,
            "located": location(row.report for row in current if row.kind == "verify"),
            "seconds": (ended - began).total_seconds() if began and ended else None,
        }
    )


def _written(on_route: Sequence[StepRow]) -> dict[str, Any] | None:
    """What the route's last convert said when it was done."""
    converts = [row for row in on_route if row.kind == "convert"]
    return converts[-1].report if converts and converts[-1].state == State.DONE else None


def _coverage(current: Sequence[StepRow]) -> Coverage | None:
    """What the last check said, which may have been a refusal."""
    told = [row.report for row in current if row.kind == "check" and row.report is not None]
    return findings(told[-1]).coverage if told else None


def _rejected(plan: Plan, current: Sequence[StepRow]) -> list[RejectedRoute]:
    return [
        RejectedRoute(
            route=plan.routes[row.route].name,
            step=ACTION.validate_python(row.action).title,
            fault=Fault.model_validate(row.fault),
        )
        for row in current
        if row.state == State.FAILED and row.route != INSPECTION
    ]


def _output(job: JobRow, current: Sequence[StepRow], model_name: str) -> OutputView | None:
    if job.state != JobState.SUCCEEDED or job.plan.get("purpose") == "check":
        return None
    last = max(row.route for row in current)
    converts = [row for row in current if row.route == last and row.kind == "convert"]
    return _output_view(output_of(converts[-1]), model_name)


def _output_view(artifact: Artifact, model_name: str) -> OutputView:
    return OutputView(
        digest=artifact.digest,
        format=artifact.format,
        size=artifact.size,
        filename=filename(model_name, artifact.format),
        url=f"/v1/artifacts/{artifact.digest}",
    )
