"""Jobs and models: what users asked for, and what of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.artifacts import Artifact
from shared.domain.jobs import JobState
from shared.domain.pages import Page
from shared.domain.plans import Plan
from shared.domain.targets import Target
from shared.domain.views import EventView, JobSummary, JobView, ModelView, SamplesView


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is fit to be written down.

    `request` is an id that the jobs of one request share; `extras` are the further models of
    a repository.
    """

    model: ModelView
    target: Target
    plan: Plan
    priority: int
    samples: SamplesView | None
    request: str
    extras: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """An Idempotency-Key and the digest of what was asked for under it."""

    key: str
    meaning: str


@dataclass(frozen=True, slots=True)
class JobFilter:
    state: JobState | None = None
    model_id: str | None = None
    target: str | None = None


class JobStore(Protocol):
    """The door to the jobs table. A tenant sees its own jobs only: others are NotFound."""

    def earlier(self, tenant: str, request: KeyedRequest) -> list[JobView] | None:
        """The jobs that this request made before, or None.

        Raises:
            KeyReused: the key stands for another request.
        """
        ...

    def submit(
        self, tenant: str, jobs: Sequence[NewJob], request: KeyedRequest | None
    ) -> tuple[list[JobView], bool]:
        """Write the jobs and their first steps; False if an equal request was first.

        Raises:
            KeyReused: the key stands for another request.
        """
        ...

    def cancel(self, tenant: str, job_id: str) -> JobView:
        """
        Raises:
            JobEnded: it is too late.
        """
        ...

    def retry(self, tenant: str, job_id: str, plan: Plan) -> JobView:
        """
        Raises:
            JobNotEnded: it is still under way.
            Conflict: it has succeeded.
        """
        ...

    def job(self, tenant: str, job_id: str) -> JobView: ...

    def by_request(self, tenant: str, request_id: str) -> list[JobView]:
        """The jobs of one request, in the order in which they were submitted.

        Raises:
            NotFound: the tenant has none of it.
        """
        ...

    def jobs(
        self, tenant: str, wanted: JobFilter, limit: int, cursor: str | None
    ) -> Page[JobSummary]:
        """The newest first.

        Raises:
            BadRequest: the cursor is none of ours.
        """
        ...

    def events(
        self, tenant: str, job_id: str, after: int, limit: int, kinds: Sequence[str] | None
    ) -> tuple[EventView, ...]:
        """Those with a greater seq than `after`, in order."""
        ...


class ModelStore(Protocol):
    """The door to models and samples. A tenant sees its own only: others are NotFound."""

    def model(self, tenant: str, model_id: str) -> ModelView: ...

    def models(
        self, tenant: str, format: str | None, limit: int, cursor: str | None
    ) -> Page[ModelView]: ...

    def samples(self, tenant: str, samples_id: str) -> SamplesView: ...

    def artifact(self, tenant: str, digest: str) -> tuple[Artifact, str]:
        """An artifact that a model or a step of this tenant has, and a name for its file."""
        ...
