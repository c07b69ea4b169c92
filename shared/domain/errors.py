"""Everything Modelferry raises on purpose.

* FerryError
  + Yours               the request or the model is at fault; trying again changes nothing
    x BadRequest          400  bad_request
      + InvalidSchema       422  invalid_request
      + RequestTimeout      408  request_timeout
      + UnsupportedMediaType 415  unsupported_media_type
      + RangeNotSatisfiable 416  range_not_satisfiable
    x NotFound            404  not_found
    x MethodNotAllowed    405  method_not_allowed
    x TooLarge            413  too_large
    x Conflict            409  conflict
      + JobEnded            409  job_ended
      + JobNotEnded         409  job_not_ended
      + UploadClosed        409  upload_closed
      + PartMissing         409  part_missing
      + KeyReused           422  idempotency_key_reused
    x BadUpload           422  bad_upload
      + DigestMismatch      422  digest_mismatch
      + EmptyFile           422  empty_file
      + TruncatedFile       422  truncated_file
      + UnsafeArchive       422  unsafe_archive
      + UnknownFormat       422  unknown_format
      + AmbiguousFormat     422  ambiguous_format
      + PickledModule       422  pickled_module
    x Unplannable         422  unplannable
      + UnknownTarget       422  unknown_target
      + NoRoute             422  no_route
      + InvalidOptions      422  invalid_options
      + BareStateDict       422  bare_state_dict
      + SamplesRequired     422  samples_required
    x StepRefused         422  conversion_failed
      + InvalidModel        422  invalid_model
      + InvalidMapping      422  invalid_mapping
      + UnmappedWeights     422  unmapped_weights
      + AmbiguousMapping    422  ambiguous_mapping
      + UnsupportedOperator 422  unsupported_operator
      + AccuracyMismatch    422  accuracy_mismatch
      + BadSamples          422  bad_samples
      + InvalidProfile      422  invalid_profile
      + UnsupportedPrecision 422  unsupported_precision
      + DeviceMemoryExceeded 422  device_memory_exceeded
      + MemoryExceeded      422  memory_exceeded
      + DeadlineExceeded    422  deadline_exceeded
      + OutputExceeded      422  output_exceeded
  + Ours                the service is at fault
    x Crashed             500  crashed
    x WorkerLost          500  worker_lost
    x LibraryMissing      500  library_missing
    x IllegalMove         500  illegal_move
    x LeaseLost           500  lease_lost
  + Passing             try again later
    x Unavailable         503  unavailable
      + DatabaseAway        503  database_unavailable
      + BrokerAway          503  broker_unavailable
      + StoreAway           503  store_unavailable
    x StorageFull         507  storage_full

A code is stable: clients may branch on it. The sentence may be reworded at any time.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

from shared.domain.faults import Fault


class Band(StrEnum):
    """Whose move it is."""

    YOURS = "yours"
    OURS = "ours"
    PASSING = "passing"


class FerryError(Exception):
    """Root of the tree. Catch this to catch us and nobody else.

    Args:
        detail: one or two sentences: what was wrong and what to do.
        field: the option, query parameter or body field at fault.
        node: the graph node at fault, as the source names it.
        operator: that node's operator type.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    band: ClassVar[Band] = Band.OURS
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        node: str | None = None,
        operator: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.fault = Fault(
            code=self.code,
            band=self.band.value,
            detail=detail,
            field=field,
            node=node,
            operator=operator,
        )


class Yours(FerryError):
    """The caller can mend it."""

    code, status, band, title = "refused", 422, Band.YOURS, "The request cannot be honoured"


class Ours(FerryError):
    """We can mend it."""

    code, status, band, title = "internal", 500, Band.OURS, "The service failed"


class Passing(FerryError):
    """Time can mend it. `Retry-After` goes with every answer of this kind."""

    code, status, band, title = "passing", 503, Band.PASSING, "Not just now"
    retry_after: ClassVar[int] = 5  # seconds


class BadRequest(Yours):
    code, status, title = "bad_request", 400, "The request could not be read"


class InvalidSchema(BadRequest):
    code, status, title = "invalid_request", 422, "The request does not fit its schema"


class RequestTimeout(BadRequest):
    code, status, title = "request_timeout", 408, "The request took too long to arrive"


class UnsupportedMediaType(BadRequest):
    code, status, title = "unsupported_media_type", 415, "The body is of the wrong type"


class RangeNotSatisfiable(BadRequest):
    code, status, title = "range_not_satisfiable", 416, "The range lies outside of the artifact"


class NotFound(Yours):
    code, status, title = "not_found", 404, "There is no such thing"


class MethodNotAllowed(Yours):
    code, status, title = "method_not_allowed", 405, "The address does not take this method"


class TooLarge(Yours):
    code, status, title = "too_large", 413, "Larger than this service accepts"


class Conflict(Yours):
    code, status, title = "conflict", 409, "The world moved under the request"


class JobEnded(Conflict):
    code, title = "job_ended", "The job has ended"


class JobNotEnded(Conflict):
    code, title = "job_not_ended", "The job has not ended yet"


class UploadClosed(Conflict):
    code, title = "upload_closed", "The upload is no longer open"


class PartMissing(Conflict):
    code, title = "part_missing", "A part of the upload is missing"


class KeyReused(Conflict):
    code, status = "idempotency_key_reused", 422
    title = "The Idempotency-Key was used for another request"


class BadUpload(Yours):
    code, title = "bad_upload", "The uploaded file cannot be used"


class DigestMismatch(BadUpload):
    code, title = "digest_mismatch", "The bytes are not those that were announced"


class EmptyFile(BadUpload):
    code, title = "empty_file", "The file is empty"


class TruncatedFile(BadUpload):
    code, title = "truncated_file", "The file ends too early"


class UnsafeArchive(BadUpload):
    code, title = "unsafe_archive", "The archive is not safe to unpack"


class UnknownFormat(BadUpload):
    code, title = "unknown_format", "The file is of no known format"


class AmbiguousFormat(BadUpload):
    code, title = "ambiguous_format", "The file can be read in more than one way"


class PickledModule(BadUpload):
    code, title = "pickled_module", "A pickled module is code and is never loaded"


class Unplannable(Yours):
    code, title = "unplannable", "No plan could be made"


class UnknownTarget(Unplannable):
    code, title = "unknown_target", "There is no such target format"


class NoRoute(Unplannable):
    code, title = "no_route", "No chain of converters joins the two formats"


class InvalidOptions(Unplannable):
    code, title = "invalid_options", "An option does not fit its schema"


class BareStateDict(Unplannable):
    code, title = "bare_state_dict", "Weights without a model cannot be converted"


class SamplesRequired(Unplannable):
    code, title = "samples_required", "The options need samples of the model's inputs"


class StepRefused(Yours):
    code, title = "conversion_failed", "The model could not be converted"


class InvalidModel(StepRefused):
    code, title = "invalid_model", "The model cannot be loaded"


class InvalidMapping(StepRefused):
    code, title = "invalid_mapping", "The mapping file cannot be followed"


class UnmappedWeights(StepRefused):
    code, title = "unmapped_weights", "Not every variable has a counterpart"


class AmbiguousMapping(StepRefused):
    code, title = "ambiguous_mapping", "A variable could be one of several"


class UnsupportedOperator(StepRefused):
    code, title = "unsupported_operator", "An operator is not covered by this route"


class AccuracyMismatch(StepRefused):
    code, title = "accuracy_mismatch", "The result does not compute what the source computes"


class BadSamples(StepRefused):
    code, title = "bad_samples", "The samples do not fit the model's inputs"


class InvalidProfile(StepRefused):
    code, title = "invalid_profile", "A range of shapes does not fit the model's input"


class UnsupportedPrecision(StepRefused):
    code, title = "unsupported_precision", "The GPU does not compute in this precision"


class DeviceMemoryExceeded(StepRefused):
    """Of the GPU. Another attempt on the same device would end alike."""

    code, title = "device_memory_exceeded", "The step needed more GPU memory than there is"


class MemoryExceeded(StepRefused):
    code, title = "memory_exceeded", "The step needed more memory than it may have"


class DeadlineExceeded(StepRefused):
    code, title = "deadline_exceeded", "The step took longer than it may"


class OutputExceeded(StepRefused):
    code, title = "output_exceeded", "The step wrote more than it may"


class Crashed(Ours):
    code, title = "crashed", "The process that ran the step died"


class WorkerLost(Ours):
    code, title = "worker_lost", "The worker that ran the step was lost"


class LibraryMissing(Ours):
    code, title = "library_missing", "A library that the worker announced cannot be loaded"


class IllegalMove(Ours):
    """The step is not in a state that this move leaves from."""

    code, title = "illegal_move", "The step cannot make this move"


class LeaseLost(Ours):
    """Another attempt owns the step now. Put the tools down and walk away."""

    code, title = "lease_lost", "The lease on the step was lost"


class Unavailable(Passing):
    code, title = "unavailable", "A part of the service is away"


class DatabaseAway(Unavailable):
    code, title = "database_unavailable", "The database is away"


class BrokerAway(Unavailable):
    code, title = "broker_unavailable", "The broker is away"


class StoreAway(Unavailable):
    code, title = "store_unavailable", "The object store is away"


class StorageFull(Passing):
    code, status, title = "storage_full", 507, "There is no room left to store this"
    retry_after = 60


def every_error(root: type[FerryError] = FerryError) -> Iterator[type[FerryError]]:
    """All classes of the tree below `root`, parents first: what the error reference lists."""
    for child in root.__subclasses__():
        yield child
        yield from every_error(child)


def by_code(code: str) -> type[FerryError]:
    """The class whose code this is.

    Raises:
        KeyError: no class has it.
    """
    for error in every_error():
        if error.code == code:
            return error
    raise KeyError(code)
