"""Calibrating: the user's samples, as TensorFlow's compiler wants to read them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import SamplesRequired
from shared.domain.signatures import Signature
from workers.verification.samples import check_samples, from_samples

MOST: Final = 512
"""Samples that are run to calibrate."""


def representative(
    samples: Path | None, signature: Signature
) -> Callable[[], Iterator[dict[str, NDArray[Any]]]]:
    """The samples one by one, as often as they are asked for.

    Args:
        samples: an .npz whose arrays are called as the inputs; their first axis counts.

    Raises:
        SamplesRequired: there are none.
        BadSamples: they do not fit the inputs.
    """
    if samples is None:
        raise SamplesRequired(
            "quantization=int8 reads the ranges of activations off your own inputs. Send an .npz"
            " of samples: numpy.savez(path, **{input_name: array}), at best a hundred of them.",
            field="samples",
        )
    check_samples(samples, signature)

    def feeds() -> Iterator[dict[str, NDArray[Any]]]:
        for case in from_samples(samples, signature, most=MOST, at_once=1):
            yield dict(case.inputs)

    return feeds
