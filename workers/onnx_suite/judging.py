"""Judging: one case, from its files to its result, in the process that runs it."""

import time
import traceback
from types import ModuleType

from shared.domain.errors import FerryError, InvalidModel
from workers.onnx_suite.cases import Case
from workers.onnx_suite.compare import Tolerance, mismatch
from workers.onnx_suite.engines import load
from workers.onnx_suite.results import Result, Status

EXCEPTION = "exception"
LONGEST = 400
"""Characters of a library's own words that are kept."""


def judge(case: Case, engine: ModuleType) -> Result:
    """Run it on the engine; whatever that raises is part of the answer."""
    began = time.monotonic()
    try:
        result = _run(case, engine)
    except FerryError as error:
        fault = error.fault
        result = Result(
            name=case.name,
            status=Status.REFUSED,
            reason=fault.detail,
            code=fault.code,
            operator=fault.operator,
            node=fault.node,
        )
    except Exception as error:  # noqa: BLE001 - libraries raise anything; each is an answer
        traceback.print_exc()
        result = Result(name=case.name, status=Status.REFUSED, reason=said(error), code=EXCEPTION)
    return result.model_copy(update={"seconds": round(time.monotonic() - began, 3)})


def said(error: BaseException) -> str:
    """Type and words of an exception, in one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:LONGEST]


def _run(case: Case, engine: ModuleType) -> Result:
    try:
        tolerance = Tolerance(**case.own_tolerances())
    except ValueError as error:
        raise InvalidModel(f"{case.name}/data.json cannot be read: {error}") from error
    data = case.data_sets()
    run = load(engine, case.model)
    for each in data:
        wrong = mismatch(each.outputs, run(each.inputs), tolerance)
        if wrong:
            told = f"{each.name}: {wrong}"
            return Result(name=case.name, status=Status.FAILED, reason=told)
    return Result(name=case.name, status=Status.PASSED)
