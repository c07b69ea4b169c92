"""Everything the client raises on purpose, with the codes of the service.

* ModelferryError
  + Yours                 the request or the model is at fault; trying again changes nothing
    x BadRequest            bad_request
      + InvalidRequest        invalid_request
      + RequestTimeout        request_timeout
      + UnsupportedMediaType  unsupported_media_type
      + RangeNotSatisfiable   range_not_satisfiable
    x NotFound              not_found
    x MethodNotAllowed      method_not_allowed
    x TooLarge              too_large
    x Conflict              conflict
      + JobEnded              job_ended
      + JobNotEnded           job_not_ended
      + UploadClosed          upload_closed
      + PartMissing           part_missing
      + KeyReused             idempotency_key_reused
    x BadUpload             bad_upload
      + DigestMismatch        digest_mismatch
      + EmptyFile             empty_file
      + TruncatedFile         truncated_file
      + UnsafeArchive         unsafe_archive
      + UnknownFormat         unknown_format
      + AmbiguousFormat       ambiguous_format
      + PickledModule         pickled_module
    x Unplannable           unplannable
      + UnknownTarget         unknown_target
      + NoRoute               no_route
      + InvalidOptions        invalid_options
      + BareStateDict         bare_state_dict
      + SamplesRequired       samples_required
    x StepRefused           conversion_failed
      + InvalidModel          invalid_model
      + InvalidMapping        invalid_mapping
      + UnmappedWeights       unmapped_weights
      + AmbiguousMapping      ambiguous_mapping
      + UnsupportedOperator   unsupported_operator
      + AccuracyMismatch      accuracy_mismatch
      + BadSamples            bad_samples
      + InvalidProfile        invalid_profile
      + UnsupportedPrecision  unsupported_precision
      + DeviceMemoryExceeded  device_memory_exceeded
      + MemoryExceeded        memory_exceeded
      + DeadlineExceeded      deadline_exceeded
      + OutputExceeded        output_exceeded
    x Misuse                misuse              here: this call or this file cannot be used
      + ExportFailed          export_failed       here: a live model could not be written down
      + TargetExists          target_exists       here: the file to write exists
    x JobCancelled          job_cancelled       here: someone cancelled the job waited for
    x NotVerified           not_verified        here: converted, but nothing can run the result
  + Ours                  the service is at fault
    x Crashed               crashed
    x WorkerLost            worker_lost
    x LibraryMissing        library_missing
    x IllegalMove           illegal_move
    x LeaseLost             lease_lost
    x BadAnswer             bad_answer          here: an answer that this client cannot read
  + Passing               try again later
    x Unavailable           unavailable
      + DatabaseAway          database_unavailable
      + BrokerAway            broker_unavailable
      + StoreAway             store_unavailable
    x StorageFull           storage_full
    x Unreachable           unreachable         here: no answer from that address
    x CorruptDownload       corrupt_download    here: bytes other than those announced
    x WaitTimedOut          wait_timed_out      here: the job goes on, the waiting ended

Those marked `here` are made by the client; all others come from the service. A code that this
version does not know is raised as its band's class, with the code in `error.code`.
"""

from typing import Any, ClassVar


class ModelferryError(Exception):
    """Root of the tree. Catch this to catch us and nobody else.

    Attributes:
        code: stable; branch on it or on the class.
        band: `yours`, `ours` or `passing`: whose move it is.
        detail: what was wrong and what to do.
        field: the option, query parameter or body field at fault.
        node: the graph node at fault, as the source names it.
        operator: that node's operator type.
        status: the HTTP status, where the error was an answer.
        request_id: names the request in the service's log.
        retry_after: seconds that the service asks to wait.
        job_id: the job that failed, where it was one.
    """

    code: str = "error"
    band: ClassVar[str] = "ours"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        field: str | None = None,
        node: str | None = None,
        operator: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        job_id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.field = field
        self.node = node
        self.operator = operator
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.job_id = job_id

    def problem(self) -> dict[str, Any]:
        """As a JSON problem (RFC 9457), without what is not known."""
        members = {
            "type": f"urn:modelferry:problem:{self.code}",
            "code": self.code,
            "band": self.band,
            "detail": self.detail,
            "status": self.status,
            "field": self.field,
            "node": self.node,
            "operator": self.operator,
            "request_id": self.request_id,
            "job_id": self.job_id,
        }
        return {name: value for name, value in members.items() if value is not None}


class Yours(ModelferryError):
    """The caller can mend it."""

    code, band = "refused", "yours"


class Ours(ModelferryError):
    """Those who run the service can mend it."""

    code, band = "internal", "ours"


class Passing(ModelferryError):
    """Time can mend it."""

    code, band = "passing", "passing"


class BadRequest(Yours):
    code = "bad_request"


class InvalidRequest(BadRequest):
    code = "invalid_request"


class RequestTimeout(BadRequest):
    code = "request_timeout"


class UnsupportedMediaType(BadRequest):
    code = "unsupported_media_type"


class RangeNotSatisfiable(BadRequest):
    code = "range_not_satisfiable"


class NotFound(Yours):
    code = "not_found"


class MethodNotAllowed(Yours):
    code = "method_not_allowed"


class TooLarge(Yours):
    code = "too_large"


class Conflict(Yours):
    code = "conflict"


class JobEnded(Conflict):
    code = "job_ended"


class JobNotEnded(Conflict):
    code = "job_not_ended"


class UploadClosed(Conflict):
    code = "upload_closed"


class PartMissing(Conflict):
    code = "part_missing"


class KeyReused(Conflict):
    code = "idempotency_key_reused"


class BadUpload(Yours):
    code = "bad_upload"


class DigestMismatch(BadUpload):
    code = "digest_mismatch"


class EmptyFile(BadUpload):
    code = "empty_file"


class TruncatedFile(BadUpload):
    code = "truncated_file"


class UnsafeArchive(BadUpload):
    code = "unsafe_archive"


class UnknownFormat(BadUpload):
    code = "unknown_format"


class AmbiguousFormat(BadUpload):
    code = "ambiguous_format"


class PickledModule(BadUpload):
    code = "pickled_module"


class Unplannable(Yours):
    code = "unplannable"


class UnknownTarget(Unplannable):
    code = "unknown_target"


class NoRoute(Unplannable):
    code = "no_route"


class InvalidOptions(Unplannable):
    code = "invalid_options"


class BareStateDict(Unplannable):
    code = "bare_state_dict"


class SamplesRequired(Unplannable):
    code = "samples_required"


class StepRefused(Yours):
    code = "conversion_failed"


class InvalidModel(StepRefused):
    code = "invalid_model"


class InvalidMapping(StepRefused):
    code = "invalid_mapping"


class UnmappedWeights(StepRefused):
    code = "unmapped_weights"


class AmbiguousMapping(StepRefused):
    code = "ambiguous_mapping"


class UnsupportedOperator(StepRefused):
    code = "unsupported_operator"


class AccuracyMismatch(StepRefused):
    code = "accuracy_mismatch"


class BadSamples(StepRefused):
    code = "bad_samples"


class InvalidProfile(StepRefused):
    code = "invalid_profile"


class UnsupportedPrecision(StepRefused):
    code = "unsupported_precision"


class DeviceMemoryExceeded(StepRefused):
    code = "device_memory_exceeded"


class MemoryExceeded(StepRefused):
    code = "memory_exceeded"


class DeadlineExceeded(StepRefused):
    code = "deadline_exceeded"


class OutputExceeded(StepRefused):
    code = "output_exceeded"


class Misuse(Yours):
    """This call, or this file, cannot be used; nothing was sent."""

    code = "misuse"


class ExportFailed(Misuse):
    code = "export_failed"


class TargetExists(Misuse):
    code = "target_exists"


class JobCancelled(Yours):
    code = "job_cancelled"


class NotVerified(Yours):
    code = "not_verified"


class Crashed(Ours):
    code = "crashed"


class WorkerLost(Ours):
    code = "worker_lost"


class LibraryMissing(Ours):
    code = "library_missing"


class IllegalMove(Ours):
    code = "illegal_move"


class LeaseLost(Ours):
    code = "lease_lost"


class BadAnswer(Ours):
    code = "bad_answer"


class Unavailable(Passing):
    code = "unavailable"


class DatabaseAway(Unavailable):
    code = "database_unavailable"


class BrokerAway(Unavailable):
    code = "broker_unavailable"


class StoreAway(Unavailable):
    code = "store_unavailable"


class StorageFull(Passing):
    code = "storage_full"


class Unreachable(Passing):
    code = "unreachable"


class CorruptDownload(Passing):
    code = "corrupt_download"


class WaitTimedOut(Passing):
    code = "wait_timed_out"
