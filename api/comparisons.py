"""Comparisons: the jobs that were asked for together, side by side."""

from flask import Blueprint, Response

from api.answers import answer
from api.context import services
from api.identifiers import identifier
from api.operations import Answer, operation
from api.tenants import tenant
from shared.domain.views import RequestView
from shared.services.comparing import compared

blueprint = Blueprint("requests", __name__, url_prefix="/v1/requests")


@blueprint.get("/<request_id>")
@operation(Answer(200, "What each job came to.", RequestView))
def compare_jobs(request_id: str) -> Response:
    """Compare the jobs of one request: size, proof, error and speed."""
    jobs = services().ask.request(tenant(), identifier("request", request_id))
    return answer(compared(jobs))
