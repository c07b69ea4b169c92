"""Warm-up: the requests that Triton makes of a model before it calls it ready.

Source: Triton, protobuf/model_config.proto, ModelWarmup; files lie in `warmup/` beside
config.pbtxt and hold the raw values of one request, without its batch dimension.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import BadSamples, SamplesRequired
from shared.domain.signatures import Signature, Tensor
from workers.triton_bridge.dtypes import NAMES
from workers.triton_bridge.options import Warmup
from workers.triton_bridge.protobuf import type_name
from workers.verification.given import read_samples
from workers.verification.samples import check_samples

FOLDER: Final = "warmup"
NAME: Final = "first"
LENGTH: Final = 16
"""Of every dimension that may vary, in zeros and random numbers."""


def warm(
    config: Any, source: Signature, wanted: Warmup, samples: Path | None, folder: Path
) -> None:
    """Add a warm-up to the config, and its files to the model's `folder`.

    Args:
        source: the signature under the user's names, in the order of the config's inputs.
        samples: an .npz by the user's names.

    Raises:
        SamplesRequired: samples were asked for and the job brought none.
        BadSamples: they do not fit the model.
    """
    if wanted == "none":
        return
    entry = config.model_warmup.add(name=NAME, batch_size=1)
    arrays = (
        _first(source, samples, batched=config.max_batch_size > 0) if wanted == "samples" else {}
    )
    for number, (given, tensor) in enumerate(zip(config.input, source.inputs, strict=True)):
        told = entry.inputs[given.name]
        told.data_type = given.data_type
        if wanted == "samples":
            told.input_data_file = f"input_{number}"  # a name may hold what no file's may
            _store(told, arrays[tensor.name], given, tensor, folder / FOLDER)
            continue
        told.dims.extend(each if each > 0 else LENGTH for each in given.dims)
        if wanted == "zeros" or tensor.dtype not in {"float16", "float32", "float64"}:
            told.zero_data = True  # random bits make wild indices of integers
        else:
            told.random_data = True


def _store(told: Any, array: NDArray[Any], given: Any, tensor: Tensor, folder: Path) -> None:
    if array.dtype.name != NAMES[type_name(given.data_type)]:
        raise BadSamples(
            f"Input {tensor.name!r} takes {tensor.dtype}; the samples are {array.dtype.name}.",
            field=f"samples.{tensor.name}",
        )
    told.dims.extend(array.shape or (1,))
    folder.mkdir(exist_ok=True)
    (folder / told.input_data_file).write_bytes(array.tobytes())


def _first(
    source: Signature, samples: Path | None, *, batched: bool
) -> Mapping[str, NDArray[Any]]:
    """One request: a sample of each input, or as many as a fixed batch takes."""
    if samples is None:
        raise SamplesRequired(
            "warmup is 'samples', and the job brought none. Send an .npz with it:"
            " numpy.savez(path, **{input_name: array}).",
            field="samples",
        )
    check_samples(samples, source)
    arrays = read_samples(samples)
    return {
        each.name: _request(each, arrays[each.name], batched=batched) for each in source.inputs
    }


def _request(tensor: Tensor, array: NDArray[Any], *, batched: bool) -> NDArray[Any]:
    rank = len(tensor.shape or ())
    if batched or array.ndim == rank + 1:
        one: NDArray[Any] = array[0]
        return one
    first = tensor.shape[0] if tensor.shape else None
    return array[:first] if isinstance(first, int) else array[:1]
