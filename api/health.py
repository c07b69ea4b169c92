"""Health: is the process alive, and can it do its work."""

from flask import Blueprint, Response

from api.answers import answer
from api.context import services
from api.operations import Answer, operation
from api.schemas import Alive, Readiness
from shared.domain.errors import Unavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@operation(Answer(200, "It is alive.", Alive), tenant=False, data=False)
def healthz() -> Response:
    """Is the process alive? Asks nothing of the parts behind it."""
    return answer(Alive())


@blueprint.get("/readyz")
@operation(
    Answer(200, "All parts are well.", Readiness),
    errors=(Unavailable,),
    tenant=False,
    data=False,
)
def readyz() -> Response:
    """Are database, broker and store there?"""
    parts = services().health()
    ill = {part: what for part, what in parts.items() if what is not None}
    if ill:
        sentences = "; ".join(f"{part}: {what}" for part, what in ill.items())
        raise Unavailable(sentences, field=next(iter(ill)))
    return answer(Readiness(ready=True, parts=parts))
