"""Runs: the inputs on which a float32 graph is watched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.signatures import Signature
from workers.runtime import Session
from workers.runtimes.onnx import OnnxRuntime
from workers.verification.cases import reference_runs
from workers.verification.samples import Case, from_samples, mirror

SEED = 1
"""Not that of the verification: what was tuned on an input proves nothing on the same one."""

MOST = 512
"""Samples that are run to calibrate."""

AT_ONCE = 8
"""Samples that go through a model of any batch at a time, for the sake of memory."""

REACH: Final = 5.0
"""Standard deviations within which all but one in a million of what is drawn lie."""

Say = Callable[[str, float | None], None]
Inputs = Mapping[str, NDArray[Any]]


def inputs_for(path: Path, samples: Path | None, say: Say) -> list[Inputs]:
    """The user's samples, or inputs made from the signature that the model has an answer to.

    Raises:
        BadSamples: the samples do not fit, or the model takes nothing that was made up.
    """
    if samples:
        return list(sampled(path, samples))
    with OnnxRuntime().open(path, {}) as session:
        runs, _ = reference_runs(session, session.signature, None, SEED, say)
        cases = [run.case for run in runs]
        far = [
            stretched
            for case in _widest(cases)
            if _answers(session, stretched := _stretched(case, session.signature))
        ]
    return [*(case.inputs for case in cases), *far]


def _widest(cases: Sequence[Case]) -> list[Case]:
    """One of the largest scale, with its mirror image; none where no floats were drawn."""
    normal = [case for case in cases if case.scale is not None]
    widest = max(normal, key=lambda case: case.scale or 0.0, default=None)
    return [widest, mirror(widest)] if widest else []


def _stretched(case: Case, signature: Signature) -> Inputs:
    """The case with its floats as far out as a draw of its scale gets, however few they are.

    A few draws stay well below that, and what grows as an exponential overflows between.
    """
    import numpy as np

    free = {each.name for each in signature.inputs if each.upper is None} - case.kept
    most = REACH * (case.scale or 0.0)
    stretched = {}
    for name, array in case.inputs.items():
        largest = 0.0 if array.dtype.kind in "biu" else float(np.abs(array).max(initial=0))
        if name in free and largest:
            stretched[name] = (array * np.asarray(most / largest, array.dtype)).astype(array.dtype)
        else:
            stretched[name] = array
    return stretched


def _answers(session: Session, inputs: Inputs) -> bool:
    """Whether the source has a finite answer: verification would not hold it to another."""
    import numpy as np

    try:
        outputs = session(inputs)
    except Exception:  # noqa: BLE001 - whatever a library raises, it refused the case
        return False
    floats = [each for each in outputs.values() if each.dtype.kind == "f"]
    return all(bool(np.isfinite(each).all()) for each in floats)


def sampled(path: Path, samples: Path) -> Iterator[Inputs]:
    """The user's samples, a few at a time.

    Raises:
        BadSamples: they do not fit.
    """
    cases = from_samples(samples, signature(path), most=MOST, at_once=AT_ONCE)
    return (case.inputs for case in cases)


def signature(path: Path) -> Signature:
    return OnnxRuntime().inspect(path, {}).signature
