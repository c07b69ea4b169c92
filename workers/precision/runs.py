"""Runs: the inputs on which a float32 graph is watched."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from shared.domain.signatures import Signature
from workers.runtimes.onnx import OnnxRuntime
from workers.verification.cases import reference_runs
from workers.verification.samples import from_samples

SEED = 1
"""Not that of the verification: what was tuned on an input proves nothing on the same one."""

MOST = 512
"""Samples that are run to calibrate."""

AT_ONCE = 8
"""Samples that go through a model of any batch at a time, for the sake of memory."""

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
    return [run.case.inputs for run in runs]


def sampled(path: Path, samples: Path) -> Iterator[Inputs]:
    """The user's samples, a few at a time.

    Raises:
        BadSamples: they do not fit.
    """
    cases = from_samples(samples, signature(path), most=MOST, at_once=AT_ONCE)
    return (case.inputs for case in cases)


def signature(path: Path) -> Signature:
    return OnnxRuntime().inspect(path, {}).signature
