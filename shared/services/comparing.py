"""Comparing: the jobs of one request, side by side."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.precisions import asked
from shared.domain.targets import shortened
from shared.domain.views import ComparedView, JobView, RequestView


def compared(jobs: Sequence[JobView]) -> RequestView:
    """What a user who asked for several results chooses between.

    Args:
        jobs: of one request, at least one, in the order in which they are shown.
    """
    varied = _varied([job.options for job in jobs])
    return RequestView(
        id=jobs[0].request, varied=varied, jobs=tuple(_row(job, varied) for job in jobs)
    )


def _varied(options: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The options that are not the same for all jobs, as they come."""
    first, *others = options
    names = dict.fromkeys(name for each in options for name in each)
    return tuple(
        name
        for name in names
        if any(
            (name in each, each.get(name)) != (name in first, first.get(name)) for each in others
        )
    )


def _row(job: JobView, varied: Sequence[str]) -> ComparedView:
    report = job.report
    build = report.build or {}
    manifest = report.engine.manifest if report.engine else None
    held = (report.verification or {}) if report.unverified is None else {}
    measured = held.get("measured")
    return ComparedView(
        job=job.id,
        target=job.target,
        options=shortened({name: job.options[name] for name in varied if name in job.options}),
        state=job.state,
        proof=job.proof,
        unverified=report.unverified,
        error=job.error.code if job.error else None,
        waiting_for=job.waiting_for,
        route=report.route,
        precision=manifest.precision if manifest else asked(job.options).value,
        gpu=manifest.gpu.name if manifest and manifest.gpu else None,
        size=manifest.size if manifest else job.output.size if job.output else None,
        build_seconds=_number(build.get("seconds")),
        peak_memory=_count(build.get("peak_memory")),
        peak_device_memory=_count(build.get("peak_device_memory")),
        largest_error=_largest_error(held),
        measured=measured if isinstance(measured, dict) else None,
    )


def _largest_error(verification: Mapping[str, Any]) -> float | None:
    outputs = verification.get("outputs")
    told = [
        _number(each.get("max_abs"))
        for each in (outputs if isinstance(outputs, list) else ())
        if isinstance(each, dict)
    ]
    return max((each for each in told if each is not None), default=None)


def _number(told: object) -> float | None:
    """A report is a child's word, which runs what users sent: what is no number is left out."""
    if isinstance(told, int | float) and abs(told) <= sys.float_info.max:
        return float(told)
    return None


def _count(told: object) -> int | None:
    number = _number(told)
    return None if number is None else int(number)
