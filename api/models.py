"""Models: sent in one request, listed, shown."""

from flask import Blueprint, Response

from api import bodies
from api.answers import answer
from api.context import services, settings
from api.identifiers import identifier
from api.operations import Answer, operation
from api.schemas import CheckRequest, ModelPage, ModelQuery, ModelsQuery
from api.tenants import tenant
from api.unplannable import UNPLANNABLE
from api.uploads import BAD_FILE, CONTENT_DIGEST, LOCATION, STORED, made
from shared.domain.errors import BrokerAway
from shared.domain.views import JobView, ModelView

blueprint = Blueprint("models", __name__, url_prefix="/v1/models")


@blueprint.post("")
@operation(
    Answer(201, "The model.", ModelView, headers=LOCATION),
    Answer(200, "The model; the same bytes were known.", ModelView, headers=LOCATION),
    errors=(BrokerAway, *BAD_FILE, *STORED),
    query=ModelQuery,
    raw="application/octet-stream",
    headers=(CONTENT_DIGEST,),
)
def send_model(query: ModelQuery) -> Response:
    """Send a model in one request.

    For large files and shaky lines there are uploads in parts.
    """
    whole = bodies.checked(bodies.read_bytes(settings().max_upload), bodies.content_digest())
    model, new = services().uploads.receive(
        tenant(), name=query.name, format=query.format, chunks=whole
    )
    return made(model, new=new)


@blueprint.get("")
@operation(Answer(200, "A page, newest first.", ModelPage), query=ModelsQuery)
def list_models(query: ModelsQuery) -> Response:
    """List models."""
    page = services().ask.models(
        tenant(), format=query.format, limit=query.limit, cursor=query.cursor
    )
    return answer(ModelPage(items=page.items, next_cursor=page.next_cursor))


@blueprint.get("/<model_id>")
@operation(Answer(200, "The model.", ModelView))
def show_model(model_id: str) -> Response:
    """Show a model.

    `inspection` (inputs, outputs, parameters, operators) is there once its first job has
    looked at it.
    """
    return answer(services().ask.model(tenant(), identifier("model", model_id)))


@blueprint.post("/<model_id>/check")
@operation(
    Answer(201, "A job whose report will have the `coverage`.", JobView),
    errors=(BrokerAway, *UNPLANNABLE),
    body=CheckRequest,
    example={"target": {"format": "tensorrt-rtx", "options": {}}},
)
def check_model(model_id: str, body: CheckRequest) -> Response:
    """Ask which nodes of a model a target covers, before anything is built."""
    job = services().submit.check(
        tenant(),
        model_id=identifier("model", model_id),
        target=body.target,
        samples=identifier("set of samples", body.samples) if body.samples is not None else None,
    )
    return answer(job, 201)
