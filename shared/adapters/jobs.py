"""Jobs: what users asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from typing_extensions import override

from shared.adapters import cursors
from shared.adapters.bells import Bells
from shared.adapters.course import Course, Ready
from shared.adapters.database import Database
from shared.adapters.events import history
from shared.adapters.jobviews import job_summaries, job_view
from shared.adapters.models import following
from shared.adapters.names import nowhere, uuid_of
from shared.adapters.needs import due_steps, first_missing
from shared.adapters.tables import JobRow, SubmissionRow
from shared.adapters.turns import moving_lines, next_turn
from shared.domain.errors import Conflict, JobEnded, JobNotEnded, KeyReused
from shared.domain.jobs import JobState
from shared.domain.pages import Page
from shared.domain.plans import Plan
from shared.domain.views import EventView, JobSummary, JobView
from shared.ports import Fleet, JobFilter, JobStore, KeyedRequest, NewJob


class Jobs(JobStore):
    """The jobs of one database."""

    def __init__(self, database: Database, bells: Bells, fleet: Fleet) -> None:
        self._database = database
        self._bells = bells
        self._fleet = fleet

    @override
    def earlier(self, tenant: str, request: KeyedRequest) -> list[JobView] | None:
        with self._database.begin() as session:
            submission = session.get(SubmissionRow, (tenant, request.key))
            if submission is None:
                return None
            views = [job_view(session, row) for row in _submitted(session, submission, request)]
        return self._all_told(views)

    @override
    def submit(
        self, tenant: str, jobs: Sequence[NewJob], request: KeyedRequest | None
    ) -> tuple[list[JobView], bool]:
        ready: Ready = set()
        rows = [_row(tenant, number, job) for number, job in enumerate(jobs)]
        gpus = self._fleet.gpus()
        with self._database.begin() as session:
            new = request is None or _first(session, tenant, request, rows)
            if request is not None and not new:
                submission = session.get_one(SubmissionRow, (tenant, request.key))
                rows = _submitted(session, submission, request)
            else:
                lines = moving_lines(session, gpus)
                for row in rows:
                    row.turn = next_turn(session, tenant, lines)
                    ready |= _begin(session, row, "job.submitted")
            views = [job_view(session, row) for row in rows]
        self._bells.ring(ready)
        return self._all_told(views), new

    @override
    def cancel(self, tenant: str, job_id: str) -> JobView:
        with self._database.begin() as session:
            job = _find(session, tenant, job_id, lock=True)
            if JobState(job.state).final:
                raise JobEnded(f"The job has {job.state} already; there is nothing to cancel.")
            if not job.cancel_requested:
                job.cancel_requested = True
                course = Course(session, job)
                course.say("job.cancel_requested")
                course.cancel_pending()
                course.follow()
            return job_view(session, job)

    @override
    def retry(self, tenant: str, job_id: str, plan: Plan) -> JobView:
        gpus = self._fleet.gpus()
        with self._database.begin() as session:
            job = _find(session, tenant, job_id, lock=True)
            refuse_retry(JobState(job.state))
            job.plan = plan.model_dump(mode="json")
            job.round += 1
            job.state, job.cancel_requested = JobState.QUEUED.value, False
            job.proof = job.error = job.started_at = job.ended_at = None
            job.turn = next_turn(session, tenant, moving_lines(session, gpus))
            ready = _begin(session, job, "job.retried")
            view = job_view(session, job)
        self._bells.ring(ready)
        return self._told(view)

    @override
    def job(self, tenant: str, job_id: str) -> JobView:
        with self._database.begin() as session:
            view = job_view(session, _find(session, tenant, job_id))
        return self._told(view)

    @override
    def by_request(self, tenant: str, request_id: str) -> list[JobView]:
        request = uuid_of(request_id, "request")
        query = (
            select(JobRow)
            .where(JobRow.tenant == tenant, JobRow.request == request)
            .order_by(JobRow.number)
        )
        with self._database.begin() as session:
            views = [job_view(session, row) for row in session.scalars(query)]
        if not views:
            raise nowhere(request_id, "request")
        return self._all_told(views)

    @override
    def jobs(
        self, tenant: str, wanted: JobFilter, limit: int, cursor: str | None
    ) -> Page[JobSummary]:
        query = (
            select(JobRow)
            .where(JobRow.tenant == tenant, *_conditions(wanted))
            .order_by(JobRow.created_at.desc(), JobRow.id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            query = query.where(tuple_(JobRow.created_at, JobRow.id) < cursors.read(cursor))
        with self._database.begin() as session:
            rows = session.scalars(query).all()
            items = job_summaries(session, rows[:limit])
        return Page(items=items, next_cursor=following(rows, limit))

    @override
    def events(
        self, tenant: str, job_id: str, after: int, limit: int, kinds: Sequence[str] | None
    ) -> tuple[EventView, ...]:
        with self._database.begin() as session:
            job = _find(session, tenant, job_id)
            return history(session, job.id, after, limit, kinds)

    def _told(self, view: JobView) -> JobView:
        return self._all_told([view])[0]

    def _all_told(self, views: Sequence[JobView]) -> list[JobView]:
        """With what they wait for. The roster is read only where a step is due."""
        due = [due_steps(view) for view in views]
        if not any(due):
            return list(views)
        roster = self._fleet.roster()
        return [
            view.model_copy(update={"waiting_for": first_missing(steps, roster)})
            for view, steps in zip(views, due, strict=True)
        ]


def refuse_retry(state: JobState) -> None:
    """
    Raises:
        JobNotEnded: it is still under way.
        Conflict: it has succeeded.
    """
    if not state.final:
        raise JobNotEnded(f"The job is {state}; only a job that has ended can be retried.")
    if state is JobState.SUCCEEDED:
        raise Conflict("The job has succeeded; submit a new one to convert the model again.")


def _find(session: Session, tenant: str, job_id: str, *, lock: bool = False) -> JobRow:
    query = select(JobRow).where(JobRow.id == uuid_of(job_id, "job"), JobRow.tenant == tenant)
    if lock:
        query = query.with_for_update(key_share=True)
    job = session.scalars(query).one_or_none()
    if job is None:
        raise nowhere(job_id, "job")
    return job


def _row(tenant: str, number: int, job: NewJob) -> JobRow:
    return JobRow(
        id=uuid4(),
        request=UUID(job.request),
        number=number,
        tenant=tenant,
        model_id=UUID(job.model.id),
        source=job.plan.source,
        target=job.plan.target,
        options=job.target.options,
        samples=job.samples.digest if job.samples else None,
        samples_size=job.samples.size if job.samples else None,
        extras=[each.model_dump() for each in job.extras] or None,
        priority=job.priority,
        plan=job.plan.model_dump(mode="json"),
        round=1,
        state=JobState.QUEUED.value,
        cancel_requested=False,
        last_seq=0,
    )


def _begin(session: Session, job: JobRow, event: str) -> Ready:
    """Write the first step of the job's round, and go as far as what is known already leads."""
    session.add(job)
    session.flush()
    course = Course(session, job)
    course.say(event, source=job.source, target=job.target, round=job.round)
    course.begin_round()
    course.follow()
    return course.ready


def _first(session: Session, tenant: str, request: KeyedRequest, rows: Sequence[JobRow]) -> bool:
    """Take the key; False if it is taken. Waits for an equal request that is being written."""
    statement = insert(SubmissionRow).values(
        tenant=tenant,
        key=request.key,
        request=request.meaning,
        jobs=[str(row.id) for row in rows],
    )
    taken = session.scalars(statement.on_conflict_do_nothing().returning(SubmissionRow.key))
    return taken.first() is not None


def _submitted(session: Session, submission: SubmissionRow, request: KeyedRequest) -> list[JobRow]:
    if submission.request != request.meaning:
        raise KeyReused(
            "This Idempotency-Key was sent with another request before. Use a new key for a new"
            " request.",
            field="Idempotency-Key",
        )
    return [session.get_one(JobRow, UUID(each)) for each in submission.jobs]


def _conditions(wanted: JobFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.state is not None:
        conditions.append(JobRow.state == wanted.state.value)
    if wanted.model_id is not None:
        conditions.append(JobRow.model_id == uuid_of(wanted.model_id, "model", "model_id"))
    if wanted.target is not None:
        conditions.append(JobRow.target == wanted.target)
    return conditions
