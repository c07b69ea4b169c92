"""Looks: what there is to tell the watchers of one job, found once for all of them."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from flask import Response

from api.answers import wire
from api.problems import unexpected
from api.watches import Question, frame, last_frame
from shared.domain.errors import FerryError, NotFound
from shared.domain.views import JobView
from shared.services.ask import Ask
from shared.telemetry import logger

PAGE: Final = 500

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Wants:
    """Who waits: streams by the seq that they have reached, long polls one by one.

    A question's bool says that its time is up.
    """

    tenant: str
    job: str
    seqs: frozenset[int]
    questions: tuple[tuple[Hashable, Question, bool], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What follows a seq. `last` is the seq reached; `ends`: the job's story is told."""

    frames: bytes
    last: int
    more: bool
    ends: bool


@dataclass(slots=True)
class Findings:
    """`failed`: the look was cut short and is worth repeating; `fatal`: it is not."""

    pages: dict[int, Page] = field(default_factory=dict)
    replies: dict[Hashable, bytes] = field(default_factory=dict)
    failed: bool = False
    fatal: bool = False


def look(ask: Ask, wants: Wants) -> Findings:
    """Ask the database. Raises nothing: an error is a finding too."""
    findings = Findings()
    try:
        # The job first: whatever it says has happened, the events after it tell.
        job = ask.job(wants.tenant, wants.job)
        for seq in wants.seqs:
            findings.pages[seq] = _page(ask, wants.tenant, job, seq)
        for who, question, late in wants.questions:
            response = question.look(job, late)
            if response is not None:
                findings.replies[who] = _reply(question, response)
    except FerryError as error:
        _fail(findings, wants, error, fatal=isinstance(error, NotFound))
    except Exception:
        log.exception("look_failed", job=wants.job)
        _fail(findings, wants, unexpected(), fatal=True)
    return findings


def _page(ask: Ask, tenant: str, job: JobView, after: int) -> Page:
    events = ask.events(tenant, job.id, after=after, limit=PAGE)
    last = events[-1].seq if events else after
    more = len(events) == PAGE
    ends = job.state.final and not more and last >= job.last_event
    frames = b"".join(map(frame, events)) + (last_frame(job) if ends else b"")
    return Page(frames, last, more=more, ends=ends)


def _reply(question: Question, response: Response) -> bytes:
    for name, value in question.headers:
        response.headers[name] = value
    return wire(response)


def _fail(findings: Findings, wants: Wants, error: FerryError, *, fatal: bool) -> None:
    """Who still has time waits for the next look; the others are told what is the matter."""
    findings.failed, findings.fatal = True, fatal
    for who, question, late in wants.questions:
        if (late or fatal) and who not in findings.replies:
            findings.replies[who] = _reply(question, question.fail(error))
