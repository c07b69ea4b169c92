"""Including: the models of earlier jobs that go into a repository beside this one."""

from collections.abc import Mapping
from typing import Any

from shared.domain.artifacts import Artifact
from shared.domain.errors import InvalidOptions, NotFound
from shared.domain.jobs import JobState
from shared.ports import JobStore
from shared.services.placing import INCLUDE

FIELD = f"options.{INCLUDE}"


def included(
    jobs: JobStore, tenant: str, goal: str, options: Mapping[str, Any]
) -> tuple[Artifact, ...]:
    """What the jobs that the options name have written, in their order, each once.

    Args:
        goal: the target's format, which theirs must be.

    Raises:
        InvalidOptions: names the job that the tenant does not have, that has not succeeded, or
            that has another target.
    """
    named = options.get(INCLUDE) or []
    if not isinstance(named, list | tuple):
        raise InvalidOptions(
            f"{INCLUDE} must be a list of job ids; it was {named!r}.", field=FIELD
        )
    return tuple({each: _output(jobs, tenant, goal, each) for each in map(str, named)}.values())


def _output(jobs: JobStore, tenant: str, goal: str, job_id: str) -> Artifact:
    try:
        job = jobs.job(tenant, job_id)
    except NotFound:
        raise InvalidOptions(
            f"{INCLUDE} names {job_id!r}, and there is no such job.", field=FIELD
        ) from None
    if job.target != goal or job.purpose != "convert":
        made = f"converted to {job.target}" if job.purpose == "convert" else "only checked"
        raise InvalidOptions(
            f"{INCLUDE} names job {job_id}, whose model was {made}; only jobs with the target"
            f" {goal} can be included.",
            field=FIELD,
        )
    if job.state is not JobState.SUCCEEDED or job.output is None:
        raise InvalidOptions(
            f"{INCLUDE} names job {job_id}, which is {job.state}; wait until it has succeeded.",
            field=FIELD,
        )
    return Artifact(digest=job.output.digest, format=job.output.format, size=job.output.size)
