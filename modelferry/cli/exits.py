"""Exit codes: what a script can branch on."""

from enum import IntEnum
from typing import Final

from modelferry.errors import (
    AccuracyMismatch,
    Misuse,
    ModelferryError,
    NotVerified,
    Passing,
    Yours,
)


class Exit(IntEnum):
    """What became of a command."""

    OK = 0
    SERVICE = 1
    USAGE = 2
    YOURS = 3
    MISMATCH = 4
    NOT_VERIFIED = 5
    LATER = 6
    NO = 7
    OPEN = 8
    INTERRUPTED = 130


MEANINGS: Final = {
    Exit.OK: "done; a conversion was verified (or nothing could run the result, and it says so)",
    Exit.SERVICE: "the service failed",
    Exit.USAGE: "the command was used wrongly",
    Exit.YOURS: "the model or the request is at fault, or the job was cancelled",
    Exit.MISMATCH: "converted, but the result does not compute what the source computes",
    Exit.NOT_VERIFIED: "converted, not verified (only with --require-verified)",
    Exit.LATER: "the service is away or not ready: try again later",
    Exit.NO: "the answer is no: not all is covered, or the engine does not run there",
    Exit.OPEN: "the answer is open: not all that matters is known",
    Exit.INTERRUPTED: "interrupted; a job that was submitted goes on",
}

_BY_CLASS: Final = (
    (Misuse, Exit.USAGE),
    (AccuracyMismatch, Exit.MISMATCH),
    (NotVerified, Exit.NOT_VERIFIED),
    (Passing, Exit.LATER),
    (Yours, Exit.YOURS),
)


def exit_code(error: ModelferryError) -> Exit:
    """The code for an error; the most particular class decides."""
    return next((code for kind, code in _BY_CLASS if isinstance(error, kind)), Exit.SERVICE)
