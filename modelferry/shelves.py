"""Shelves: what the service has already, one by one and in lists."""

from collections.abc import Iterator
from typing import Any, TypeVar

from modelferry.job import Job
from modelferry.transport import Transport
from modelferry.types import (
    ConverterOffer,
    FormatView,
    JobSummary,
    JobView,
    ModelView,
    RequestView,
    RouteView,
    WorkerView,
)
from modelferry.wire import read

T = TypeVar("T")


class Shelves:
    """One service, looked at as one tenant; nothing is changed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def compare(self, request: str | Job | JobView) -> RequestView:
        """The jobs that were submitted together, side by side.

        Args:
            request: a job's `request`, or one of the jobs.
        """
        view = request.view if isinstance(request, Job) else request
        name = view if isinstance(view, str) else view.request
        return read(RequestView, self._transport.get(f"/v1/requests/{name}"))

    def model(self, id: str) -> ModelView:
        return read(ModelView, self._transport.get(f"/v1/models/{id}"))

    def models(self, *, format: str | None = None) -> Iterator[ModelView]:
        """All models, newest first."""
        return self._pages(ModelView, "/v1/models", format=format)

    def job(self, id: str) -> Job:
        """
        Raises:
            NotFound: this tenant has no such job.
        """
        return Job(self._transport, read(JobView, self._transport.get(f"/v1/jobs/{id}")))

    def jobs(
        self, *, state: str | None = None, model: str | None = None, target: str | None = None
    ) -> Iterator[JobSummary]:
        """All jobs that fit, newest first; page after page is asked for as they are taken."""
        return self._pages(JobSummary, "/v1/jobs", state=state, model_id=model, target=target)

    def formats(self) -> list[FormatView]:
        return self._list(FormatView, "/v1/formats")

    def routes(self, *, source: str | None = None, target: str | None = None) -> list[RouteView]:
        """Which formats lead where, and whether workers for it are there now."""
        return self._list(RouteView, "/v1/routes", source=source, target=target)

    def converters(self) -> list[ConverterOffer]:
        """The converters that the fleet has announced, with the schemas of their options."""
        return self._list(ConverterOffer, "/v1/converters")

    def workers(self) -> list[WorkerView]:
        return self._list(WorkerView, "/v1/workers")

    def _list(self, kind: type[T], path: str, **params: Any) -> list[T]:
        told = self._transport.get(path, **params)
        return [read(kind, each) for each in told["items"]]

    def _pages(self, kind: type[T], path: str, **params: Any) -> Iterator[T]:
        cursor: str | None = None
        while True:
            page = self._transport.get(path, cursor=cursor, **params)
            yield from (read(kind, each) for each in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return
