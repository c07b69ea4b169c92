"""Ask: everything that can be looked at. Nothing is changed by looking."""

from collections.abc import Sequence
from typing import Final

from shared.domain.artifacts import Artifact
from shared.domain.errors import BadRequest
from shared.domain.formats import FORMATS
from shared.domain.jobs import JobState
from shared.domain.offers import ConverterOffer
from shared.domain.pages import Page
from shared.domain.views import (
    EventView,
    JobSummary,
    JobView,
    ModelView,
    RouteView,
    WorkerView,
)
from shared.ports import Fleet, JobFilter, JobStore, ModelStore
from shared.services.planning import known_routes

LONGEST_PAGE: Final = 200
MOST_EVENTS: Final = 1000


class Ask:
    """What a tenant has, and what the fleet can do."""

    def __init__(self, jobs: JobStore, models: ModelStore, fleet: Fleet) -> None:
        self._jobs = jobs
        self._models = models
        self._fleet = fleet

    def models(
        self, tenant: str, *, format: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[ModelView]:
        """The newest first.

        Raises:
            BadRequest: the cursor is none of ours, or there is no such format.
        """
        wanted = _format(format, "format")
        return self._models.models(tenant, wanted, _bounded(limit, LONGEST_PAGE), cursor)

    def model(self, tenant: str, model_id: str) -> ModelView:
        """
        Raises:
            NotFound: the tenant has no such model.
        """
        return self._models.model(tenant, model_id)

    def jobs(
        self,
        tenant: str,
        *,
        state: str | None = None,
        model_id: str | None = None,
        target: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[JobSummary]:
        """The newest first.

        Raises:
            BadRequest: the cursor is none of ours, or there is no such state or format.
            NotFound: `model_id` is no id.
        """
        wanted = JobFilter(_state(state), model_id, _format(target, "target"))
        return self._jobs.jobs(tenant, wanted, _bounded(limit, LONGEST_PAGE), cursor)

    def job(self, tenant: str, job_id: str) -> JobView:
        """
        Raises:
            NotFound: the tenant has no such job.
        """
        return self._jobs.job(tenant, job_id)

    def request(self, tenant: str, request_id: str) -> list[JobView]:
        """The jobs that were submitted together, in the order of their targets.

        Raises:
            NotFound: the tenant has no such request.
        """
        return self._jobs.by_request(tenant, request_id)

    def events(
        self,
        tenant: str,
        job_id: str,
        *,
        after: int = 0,
        limit: int = 500,
        kinds: Sequence[str] | None = None,
    ) -> tuple[EventView, ...]:
        """Those with a greater seq than `after`, in order.

        Raises:
            NotFound: the tenant has no such job.
        """
        return self._jobs.events(tenant, job_id, after, _bounded(limit, MOST_EVENTS), kinds)

    def artifact(self, tenant: str, digest: str) -> tuple[Artifact, str]:
        """An artifact and a name for its file.

        Raises:
            NotFound: no model and no step of this tenant has it.
        """
        return self._models.artifact(tenant, digest)

    def workers(self) -> tuple[WorkerView, ...]:
        """Those on line first, then those heard from last."""
        return self._fleet.workers()

    def routes(
        self, *, source: str | None = None, target: str | None = None
    ) -> tuple[RouteView, ...]:
        """Every route between known formats, or those from or to the given ones, best first."""
        return tuple(known_routes(self._fleet.roster(), source, target))

    def converters(self) -> tuple[ConverterOffer, ...]:
        """Each version of each converter that any worker ever had, by name, newest first."""
        return self._fleet.roster().every_version


def _bounded(limit: int, most: int) -> int:
    return min(max(limit, 1), most)


def _state(name: str | None) -> JobState | None:
    try:
        return None if name is None else JobState(name)
    except ValueError:
        raise BadRequest(
            f"There is no state {name!r}. States: {', '.join(JobState)}.", field="state"
        ) from None


def _format(name: str | None, field: str) -> str | None:
    if name is not None and name not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise BadRequest(f"There is no format {name!r}. Known formats: {known}.", field=field)
    return name
