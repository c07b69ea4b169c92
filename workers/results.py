"""Results: what a child left behind, read as one reads a stranger's letter."""

import math
import os
import stat
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from shared.domain.errors import Crashed, by_code
from shared.domain.faults import Fault
from shared.domain.orders import (
    RESULT_FILE,
    AgreedNote,
    BrokeNote,
    DisagreedNote,
    Note,
    ProducedNote,
    RefusedNote,
    WorkOrder,
)
from shared.domain.outcomes import Agreed, Broke, Disagreed, Outcome, Produced, Refused
from shared.domain.plans import Check, Convert, Inspect, Verify
from workers.loglines import clean

LARGEST: Final = 16 << 20
"""Bytes of a result. The largest honest one, of a graph of 10,000 nodes, has under 1 MiB."""

LONGEST_TEXT: Final = 4000
"""Characters of one field of a fault."""

_NOTES: Final[TypeAdapter[Note]] = TypeAdapter(Note)


def outcome_of(folder: Path, order: WorkOrder) -> Outcome:
    """What the child says became of its order.

    Raises:
        Crashed: it says nothing, or nothing that can be believed.
    """
    try:
        note = _NOTES.validate_json(_read(folder / RESULT_FILE))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Crashed(f"The step left a result that cannot be read: {first['msg']}.") from None
    match note, order.action:
        case ProducedNote(), Convert():
            _only_file(folder / order.output)
            return Produced(artifact=None, report=_tidied(note.report))
        case ProducedNote(), Inspect() | Check():
            return Produced(artifact=None, report=_tidied(note.report))
        case AgreedNote(), Verify():
            return Agreed(report=_tidied(note.report))
        case DisagreedNote(), Verify():
            return Disagreed(fault=_known(note.fault), report=_tidied(note.report))
        case RefusedNote(), _:
            return Refused(fault=_known(note.fault), report=_tidied(note.report))
        case BrokeNote(), _:
            return Broke(fault=_known(note.fault))
        case _:
            raise Crashed(f"The step answered {note.kind!r} to a question of another kind.")


def _read(path: Path) -> bytes:
    try:
        # A child may leave a link or a pipe in this place: follow none, wait for nobody.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Crashed("The step ended without a result.") from None
    except OSError as error:
        raise Crashed(f"The step's result cannot be opened: {error.strerror}.") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise Crashed("The step's result is no file, or far too large.")
        return file.read(LARGEST)


def _only_file(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        raise Crashed("The step says that it wrote its output, and there is none.") from None
    if not stat.S_ISREG(mode):
        raise Crashed("The step's output is not a file.")


def _known(fault: Fault) -> Fault:
    """Only faults of the error tree, with their band; clients branch on both."""
    try:
        kind = by_code(fault.code)
    except KeyError:
        raise Crashed(
            f"The step failed with an unknown code: {clean(fault.code)[:80]!r}."
        ) from None
    facts = {name: None if text is None else clean(text)[:LONGEST_TEXT] for name, text in fault}
    return Fault.model_validate(facts | {"band": kind.band.value})


def _tidied(value: Any) -> Any:
    """What JSON and PostgreSQL can hold: no NaN, no infinity, no NUL."""
    match value:
        case dict():
            return {clean(str(key)): _tidied(each) for key, each in value.items()}
        case list():
            return [_tidied(each) for each in value]
        case str():
            return clean(value)
        case float() if not math.isfinite(value):
            return None
        case _:
            return value
