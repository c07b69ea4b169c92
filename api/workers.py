"""Workers: who is there, and what each can do."""

from flask import Blueprint, Response

from api.answers import answer
from api.context import services
from api.operations import Answer, operation
from api.schemas import Workers

blueprint = Blueprint("workers", __name__, url_prefix="/v1/workers")


@blueprint.get("")
@operation(Answer(200, "All that announced themselves.", Workers), tenant=False)
def list_workers() -> Response:
    """List the workers."""
    return answer(Workers(items=services().ask.workers()))
