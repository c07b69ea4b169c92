"""Engines: will one run elsewhere, and why not."""

from flask import Blueprint, Response

from api.answers import answer
from api.context import services
from api.identifiers import identifier
from api.operations import Answer, operation
from api.schemas import CompatibilityRequest
from api.tenants import tenant
from shared.domain.capabilities import capability_of
from shared.domain.compatibility import Compatibility, Described, Location, compatibility
from shared.domain.engines import Manifest
from shared.domain.errors import InvalidSchema, NotFound

blueprint = Blueprint("engines", __name__, url_prefix="/v1/engines")


@blueprint.post("/compatibility")
@operation(
    Answer(200, "Whether it runs there.", Compatibility),
    body=CompatibilityRequest,
    example={
        "job_id": "0197c1de-6f2f-7c55-9a9e-3f6f0a3f8f10",
        "gpu": {"name": "NVIDIA GeForce RTX 4090", "memory": 25757220864, "driver": "580.95.05"},
        "library": "1.7.1",
    },
)
def check_engine(body: CompatibilityRequest) -> Response:
    """Say from an engine's manifest whether it runs on a described GPU, and why not.

    `runs` is null where nothing speaks against it, but not all that matters was told: that is
    in `unknown`. A compute capability that is not told is looked up by the GPU's name.
    """
    place = Location(gpu=_completed(body.gpu), library=body.library, cuda=body.cuda)
    return answer(compatibility(_manifest(body), place))


def _manifest(body: CompatibilityRequest) -> Manifest:
    if body.manifest is not None and body.job_id is None:
        return body.manifest
    if body.job_id is None or body.manifest is not None:
        raise InvalidSchema("Send either a manifest or a job_id.", field="manifest")
    job = services().ask.job(tenant(), identifier("job", body.job_id))
    if job.report.engine is None:
        raise NotFound(
            f"Job {job.id} has built no engine: its target is {job.target}, and it is"
            f" {job.state}.",
            field="job_id",
        )
    return job.report.engine.manifest


def _completed(gpu: Described) -> Described:
    if gpu.compute_capability is not None:
        return gpu
    workers = services().ask.workers()
    fleet = [each for worker in workers if worker.online for each in worker.offer.gpus]
    return gpu.model_copy(update={"compute_capability": capability_of(gpu.name, fleet)})
