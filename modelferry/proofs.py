"""Proofs: what is known of a result, besides that it was made."""

from typing import Final

from modelferry.types import JobView

VERIFIED: Final = "verified"
COMPARED: Final = "weights_compared"


def unproved(job: JobView) -> str:
    """Why a result that nothing ran against its source is not called verified."""
    if job.report.proof == COMPARED:
        return (
            f"Job {job.id} put the weights over and compared every variable, and no run of source"
            " and result verified it: weights alone cannot be run."
        )
    return f"Job {job.id} converted the model, but nothing here can run the result to verify it."
