"""Uploads: a model in resumable parts."""

from flask import Blueprint, Response

from api import bodies
from api.answers import answer, nothing
from api.context import services, settings
from api.identifiers import identifier
from api.operations import Answer, Header, operation
from api.schemas import UploadRequest
from api.tenants import tenant
from shared.domain.errors import (
    AmbiguousFormat,
    BrokerAway,
    DigestMismatch,
    EmptyFile,
    PartMissing,
    PickledModule,
    StorageFull,
    StoreAway,
    TruncatedFile,
    UnknownFormat,
    UnsafeArchive,
    UploadClosed,
)
from shared.domain.views import ModelView, PartView, UploadView

BAD_FILE = (
    EmptyFile,
    TruncatedFile,
    UnsafeArchive,
    UnknownFormat,
    AmbiguousFormat,
    PickledModule,
    DigestMismatch,
)
STORED = (StorageFull, StoreAway)
LOCATION = {"Location": "The address of what was made."}
CONTENT_DIGEST = Header(
    "Content-Digest",
    "SHA-256 of this body (RFC 9530); checked, and refused when it differs.",
    "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
)

blueprint = Blueprint("uploads", __name__, url_prefix="/v1/uploads")


@blueprint.post("")
@operation(
    Answer(201, "Send the parts now.", UploadView, headers=LOCATION),
    errors=(BrokerAway, *STORED),
    body=UploadRequest,
    example={"name": "digits.keras", "size": 1048576},
)
def open_upload(body: UploadRequest) -> Response:
    """Announce a model.

    Each part but the last has `part_size` bytes; parts are numbered from 1 and may come in any
    order, several at once, and again.
    """
    view = services().uploads.open(
        tenant(), name=body.name, size=body.size, digest=body.digest, format=body.format
    )
    response = answer(view, 201)
    response.headers["Location"] = f"/v1/uploads/{view.id}"
    return response


@blueprint.get("/<upload_id>")
@operation(Answer(200, "The upload and the parts that have arrived.", UploadView))
def show_upload(upload_id: str) -> Response:
    """Show an upload, to resume it."""
    return answer(services().uploads.show(tenant(), identifier("upload", upload_id)))


@blueprint.put("/<upload_id>/parts/<int(max=2147483647):number>")
@operation(
    Answer(200, "The part is kept.", PartView),
    errors=(UploadClosed, DigestMismatch, *STORED),
    raw="application/octet-stream",
    headers=(CONTENT_DIGEST,),
)
def put_part(upload_id: str, number: int) -> Response:
    """Send a part.

    The same number again replaces it. A body that breaks off leaves nothing.
    """
    view = services().uploads.put_part(
        tenant(),
        identifier("upload", upload_id),
        number,
        bodies.read_bytes(settings().part_size),
        bodies.content_digest(),
    )
    return answer(view)


@blueprint.post("/<upload_id>/complete")
@operation(
    Answer(201, "The model.", ModelView, headers=LOCATION),
    Answer(200, "The model; the same bytes were known.", ModelView, headers=LOCATION),
    errors=(UploadClosed, PartMissing, *BAD_FILE, *STORED),
)
def complete_upload(upload_id: str) -> Response:
    """Join the parts into a model."""
    model, new = services().uploads.complete(tenant(), identifier("upload", upload_id))
    return made(model, new=new)


@blueprint.delete("/<upload_id>")
@operation(Answer(204, "It is forgotten."), errors=(UploadClosed, *STORED))
def abort_upload(upload_id: str) -> Response:
    """Give an upload up."""
    services().uploads.abort(tenant(), identifier("upload", upload_id))
    return nothing()


def made(model: ModelView, *, new: bool) -> Response:
    """201 for a model that is new, 200 for one whose bytes were known."""
    response = answer(model, 201 if new else 200)
    response.headers["Location"] = f"/v1/models/{model.id}"
    return response
