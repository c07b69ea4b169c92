"""Jobs: asked for, shown, watched, cancelled, tried again."""

from functools import partial
from typing import Final

from flask import Blueprint, Response, request

from api.answers import answer
from api.context import hub, services
from api.identifiers import identifier
from api.operations import Answer, Header, operation
from api.problems import problem
from api.requests import request_id
from api.schemas import (
    MOST_SEQ,
    Events,
    EventsQuery,
    JobPage,
    JobRequest,
    Jobs,
    JobsQuery,
    Logs,
    WaitQuery,
)
from api.tenants import tenant
from api.unplannable import UNPLANNABLE
from api.watches import Handover, Question, Story
from shared.bootstrap import Services
from shared.domain.errors import (
    BrokerAway,
    Conflict,
    FerryError,
    InvalidSchema,
    JobEnded,
    JobNotEnded,
    KeyReused,
    Unavailable,
)
from shared.domain.views import JobView

EVENT_STREAM: Final = "text/event-stream"
LONGEST_KEY: Final = 200
LOG_PAGE: Final = 500

blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs")


@blueprint.post("")
@operation(
    Answer(201, "The jobs.", Jobs),
    Answer(200, "The jobs that this key made before.", Jobs),
    errors=(
        BrokerAway,
        Conflict,
        KeyReused,
        *UNPLANNABLE,
    ),
    body=JobRequest,
    headers=(
        Header(
            "Idempotency-Key",
            "Sent again with the same request, it returns the same jobs; 1 to 200 characters.",
            "digits-2026-11-23",
        ),
    ),
    example={
        "model_id": "0197c1de-6f2f-7c55-9a9e-3f6f0a3f8f10",
        "targets": [{"format": "onnx", "options": {"opset": 18}}],
    },
)
def submit(body: JobRequest) -> Response:
    """Ask for conversions of a model, one job for each target.

    A target's `matrix` makes one for each combination of its values. All share a `request`.
    """
    jobs, new = services().submit(
        tenant(),
        model_id=identifier("model", body.model_id),
        targets=body.targets,
        priority=body.priority,
        samples=identifier("set of samples", body.samples) if body.samples is not None else None,
        key=_idempotency_key(),
    )
    return answer(Jobs(request=jobs[0].request, jobs=tuple(jobs)), 201 if new else 200)


@blueprint.get("")
@operation(Answer(200, "A page, newest first.", JobPage), query=JobsQuery)
def list_jobs(query: JobsQuery) -> Response:
    """List jobs."""
    page = services().ask.jobs(
        tenant(),
        state=query.state,
        model_id=identifier("model", query.model_id) if query.model_id is not None else None,
        target=query.target,
        limit=query.limit,
        cursor=query.cursor,
    )
    return answer(JobPage(items=page.items, next_cursor=page.next_cursor))


@blueprint.get("/<job_id>")
@operation(Answer(200, "The job.", JobView), errors=(Unavailable,), query=WaitQuery)
def show_job(job_id: str, query: WaitQuery) -> Response:
    """Show a job: plan, steps, attempts, progress, report.

    With `wait` it answers at the first event behind `after` (by default: at the next event),
    when the job has ended, or when the time is up.
    """
    job = services().ask.job(tenant(), identifier("job", job_id))
    after = job.last_event if query.after is None else query.after
    if _may_wait(query) and _job_news(after, job, late=False) is None:
        return _ask_later(job, query.wait, partial(_job_news, after))
    return answer(job)


@blueprint.post("/<job_id>/cancel")
@operation(Answer(200, "The job; its running step is being stopped.", JobView), errors=(JobEnded,))
def cancel(job_id: str) -> Response:
    """Cancel a job."""
    return answer(services().control.cancel(tenant(), identifier("job", job_id)))


@blueprint.post("/<job_id>/retry")
@operation(
    Answer(200, "The job, planned anew.", JobView),
    errors=(JobNotEnded, Conflict, BrokerAway, *UNPLANNABLE),
)
def retry(job_id: str) -> Response:
    """Try a job again that failed or was cancelled."""
    return answer(services().control.retry(tenant(), identifier("job", job_id)))


@blueprint.get("/<job_id>/events")
@operation(
    Answer(200, "The events; a stream where one was accepted.", Events, media=(EVENT_STREAM,)),
    errors=(Unavailable,),
    query=EventsQuery,
    headers=(
        Header("Accept", "`text/event-stream` for a stream to the job's end.", EVENT_STREAM),
        Header("Last-Event-ID", "The last event of a stream that broke off.", "12"),
    ),
)
def list_events(job_id: str, query: EventsQuery) -> Response:
    """List a job's events, or stream them as they come.

    In the stream `id` is the event's seq, `event` its kind and `data` the event as JSON; a last
    `event: end` follows the last event of a job that has ended.
    """
    job = services().ask.job(tenant(), identifier("job", job_id))
    after = query.after or 0
    if _wants_stream():
        story = Story(tenant(), job.id, _last_event_id(after))
        return Handover(story, hub().reserve())
    return answer(
        Events(items=services().ask.events(tenant(), job.id, after=after, limit=query.limit))
    )


@blueprint.get("/<job_id>/logs")
@operation(Answer(200, "Log lines.", Logs), errors=(Unavailable,), query=WaitQuery)
def list_logs(job_id: str, query: WaitQuery) -> Response:
    """Read what the job's steps print.

    With `wait` it answers when there are lines behind `after`, when the job has ended, or when
    the time is up.
    """
    job = services().ask.job(tenant(), identifier("job", job_id))
    look = partial(_log_news, services(), tenant(), query.after or 0)
    told = look(job, late=not _may_wait(query))
    return told if told is not None else _ask_later(job, query.wait, look)


def _job_news(after: int, job: JobView, *, late: bool) -> Response | None:
    if late or job.state.final or job.last_event > after:
        return answer(job)
    return None


def _log_news(
    known: Services, owner: str, after: int, job: JobView, *, late: bool
) -> Response | None:
    items = known.ask.events(owner, job.id, after=after, limit=LOG_PAGE, kinds=("step.log",))
    if not (items or job.state.final or late):
        return None
    complete = len(items) < LOG_PAGE
    newest = items[-1].seq if items else after
    return answer(
        Logs(
            items=items,
            last_seq=max(newest, job.last_event) if complete else newest,
            ended=job.state.final and complete,
        )
    )


def _ask_later(job: JobView, seconds: float, look: "partial[Response | None]") -> Response:
    where, name = request.path, request_id()

    def fail(error: FerryError) -> Response:
        return problem(error, where, name)

    question = Question(
        tenant(), job.id, seconds, lambda found, late: look(found, late=late), fail
    )
    return Handover(question, hub().reserve())


def _may_wait(query: WaitQuery) -> bool:
    return query.wait > 0 and request.method == "GET"  # HEAD is given no body by a hub


def _wants_stream() -> bool:
    return request.method == "GET" and EVENT_STREAM in request.accept_mimetypes.values()


def _last_event_id(after: int) -> int:
    given = request.headers.get("Last-Event-ID")
    if given is None:
        return after
    if not (given.isascii() and given.isdigit() and int(given[:20]) <= MOST_SEQ):
        raise InvalidSchema("Last-Event-ID is an event's seq.", field="Last-Event-ID")
    return int(given)


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        raise InvalidSchema(
            f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.",
            field="Idempotency-Key",
        )
    return key
