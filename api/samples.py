"""Samples: a user's own inputs for verification."""

from flask import Blueprint, Response

from api import bodies
from api.answers import answer
from api.context import services, settings
from api.operations import Answer, operation
from api.tenants import tenant
from api.uploads import CONTENT_DIGEST, STORED
from shared.domain.errors import (
    BadSamples,
    BadUpload,
    DigestMismatch,
    EmptyFile,
    TruncatedFile,
    UnsafeArchive,
)
from shared.domain.views import SamplesView

blueprint = Blueprint("samples", __name__, url_prefix="/v1/samples")


@blueprint.post("")
@operation(
    Answer(201, "Name its id in a job's `samples`.", SamplesView),
    errors=(
        BadUpload,
        BadSamples,
        DigestMismatch,
        EmptyFile,
        TruncatedFile,
        UnsafeArchive,
        *STORED,
    ),
    raw="application/octet-stream",
    headers=(CONTENT_DIGEST,),
)
def send_samples() -> Response:
    """Send samples: an `.npz` with one array for each of the model's inputs."""
    whole = bodies.checked(bodies.read_bytes(settings().max_upload), bodies.content_digest())
    return answer(services().uploads.receive_samples(tenant(), whole), 201)
