"""Cases: the inputs on which source and result are compared."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from shared.domain.errors import BadSamples
from shared.domain.signatures import Signature, Tensor
from workers.runtime import Shapes
from workers.verification.dims import Extents, shape_of
from workers.verification.given import read_samples

MOST_SAMPLES = 64
"""More samples than this add minutes, not certainty."""

UNBOUNDED = 8
"""Integers are drawn below this where nothing is known about them."""

WORDS = ("", "a", "ferry", "Model Ferry", "größer", "12", "x y z")
"""Strings are drawn from these."""

MASK = re.compile(r"mask(_\d+)?$", re.IGNORECASE)
"""Names of integer inputs that say which of the others' places count."""

Side = Literal["", "positive", "negative"]
"""Of floats: both signs, or one alone."""

EXACT = "biuOU"
"""Kinds of dtypes that have no sign to turn: numpy's booleans, integers and strings."""


@dataclass(frozen=True, slots=True)
class Case:
    """Inputs by name, and how they came about: `scale` of the floats, or a sample's range.

    Those in `kept` are shapes: other draws leave them as they are. `scale` is the standard
    deviation of its floats; None where they are not normal.
    """

    inputs: Mapping[str, NDArray[Any]]
    label: str
    kept: frozenset[str] = frozenset()
    scale: float | None = None

    @property
    def elements(self) -> int:
        return sum(array.size for array in self.inputs.values())

    @property
    def shapes(self) -> dict[str, list[int]]:
        return {name: list(array.shape) for name, array in self.inputs.items()}


def generate(
    signature: Signature, extents: Extents, *, scale: float, seed: Sequence[int], tame: int = 0
) -> Case:
    """Seeded inputs of one size.

    Floats are normal with a standard deviation of `scale`, both signs; integers lie below the
    input's `upper` and hit 0 and the last value. `tame` makes them easier to digest: 1 takes
    floats from (0, 1) and unbounded integers from {0, 1}; 2 takes ones and zeros.

    Raises:
        BadSamples: the signature does not say enough of an input.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    inputs = {
        each.name: _draw(rng, each, shape_of(each, extents), scale, tame)
        for each in signature.inputs
    }
    drawn = ("", ", positive", ", constant")[tame]
    return Case(inputs, f"scale {scale:g}{drawn}", scale=None if tame else scale)


def generate_at(
    signature: Signature,
    shapes: Shapes,
    values: Shapes,
    *,
    scale: float,
    seed: Sequence[int],
    tame: int = 0,
) -> Case:
    """As `generate`, at given shapes.

    An input without one has that of the signature, where a length that may vary is 1.

    Args:
        values: what is fed to inputs that are shapes themselves.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    inputs: dict[str, NDArray[Any]] = {}
    for each in signature.inputs:
        own = tuple(dim if isinstance(dim, int) else 1 for dim in each.shape or ())
        shape = shapes.get(each.name, own)
        if each.name in values:
            inputs[each.name] = np.reshape(np.asarray(values[each.name], dtype_named(each)), shape)
        else:
            inputs[each.name] = _draw(rng, each, shape, scale, tame)
    drawn = ("", ", positive", ", constant")[tame]
    return Case(inputs, f"scale {scale:g}{drawn}", frozenset(values), None if tame else scale)


def mirror(case: Case) -> Case:
    """The same inputs with the floats negated."""
    inputs = {
        name: array if array.dtype.kind in EXACT else -array for name, array in case.inputs.items()
    }
    return Case(inputs, f"{case.label}, mirrored", case.kept, case.scale)


def one_sided(case: Case, side: Side) -> Case:
    """The same inputs with all floats of one sign; those that were drawn as integers stay."""
    import numpy as np

    sign = -1 if side == "negative" else 1
    inputs = {
        name: array if array.dtype.kind in EXACT else np.asarray(sign * np.abs(array), array.dtype)
        for name, array in case.inputs.items()
    }
    return Case(inputs, f"{case.label}, {side}", case.kept, case.scale)


def redraw(signature: Signature, case: Case, *, scale: float, seed: Sequence[int]) -> Case:
    """Another draw of the same shapes."""
    import numpy as np

    rng = np.random.default_rng(seed)
    inputs = {
        each.name: case.inputs[each.name]
        if each.name in case.kept
        else _draw(rng, each, case.inputs[each.name].shape, scale, 0)
        for each in signature.inputs
    }
    return Case(inputs, f"scale {scale:g}, draw {seed[-1] + 2}", case.kept, scale)


def check_samples(path: Path, signature: Signature) -> int:
    """How many samples there are, once they are known to fit the inputs.

    Raises:
        BadSamples: naming the input, what was expected and what was given.
    """
    arrays = read_samples(path)
    expected = {each.name: each for each in signature.inputs}
    missing, unknown = expected.keys() - arrays.keys(), arrays.keys() - expected.keys()
    if missing or unknown:
        raise BadSamples(
            f"The model's inputs are {sorted(expected)}; the samples hold {sorted(arrays)}.",
            field=f"samples.{min(missing or unknown)}",
        )
    counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        raise BadSamples(
            f"The first axis of every array counts samples, at least one; they have {counts}.",
            field=f"samples.{min(counts, key=lambda name: counts[name])}",
        )
    for name, tensor in expected.items():
        _check(tensor, arrays[name])
    return min(counts.values())


def from_samples(
    path: Path, signature: Signature, *, most: int = MOST_SAMPLES, at_once: int = MOST_SAMPLES
) -> Iterator[Case]:
    """The user's samples, in batches that the model takes: `at_once`, where it takes any.

    Raises:
        BadSamples: see `check_samples`.
    """
    count = check_samples(path, signature)
    arrays = read_samples(path)
    batches = [_batch(each, arrays[each.name]) for each in signature.inputs]
    step = min((each for each in batches if each), default=min(count, at_once))
    enough = max(min(count, most), step)
    for start in range(0, enough - step + 1, step):
        inputs = {
            each.name: _slice(each, arrays[each.name], start, step) for each in signature.inputs
        }
        yield Case(inputs, f"samples {start} to {start + step - 1}")


def _draw(
    rng: Any, tensor: Tensor, shape: tuple[int, ...], scale: float, tame: int
) -> NDArray[Any]:
    import numpy as np

    dtype = dtype_named(tensor)
    if dtype.kind == "O":
        return np.asarray(rng.choice(np.asarray(WORDS, dtype=object), shape), dtype=object)
    if dtype.kind == "b":
        drawn: NDArray[Any] = rng.integers(0, 2, shape).astype(dtype)
        return drawn
    if dtype.kind in "iu":
        is_mask = tensor.upper is None and MASK.search(tensor.name)
        upper = tensor.upper or (UNBOUNDED, 2, 1)[tame]
        return _mask(rng, shape, dtype, tame) if is_mask else _integers(rng, shape, dtype, upper)
    if tensor.upper is not None:  # Keras' inputs are floats, those of an Embedding too
        return np.asarray(_integers(rng, shape, np.dtype(np.int64), tensor.upper), dtype)
    if tame:
        return np.asarray(rng.uniform(0.05, 1, shape) if tame == 1 else np.ones(shape), dtype)
    return np.asarray(rng.standard_normal(shape) * scale, dtype)


def _mask(rng: Any, shape: tuple[int, ...], dtype: Any, tame: int) -> NDArray[Any]:
    """Ones, and zeros behind them: what a row without ones means is for each to say."""
    import numpy as np

    length = shape[-1] if shape else 1
    ends = rng.integers(1, length + 1, shape[:-1]) if length and not tame else length
    return np.asarray(np.arange(length) < np.asarray(ends)[..., None], dtype).reshape(shape)


def _integers(rng: Any, shape: tuple[int, ...], dtype: Any, upper: int) -> NDArray[Any]:
    """Both ends are hit: an off-by-one in an embedding lives there."""
    import numpy as np

    upper = min(upper, np.iinfo(dtype).max)
    drawn: NDArray[Any] = rng.integers(0, upper, shape).astype(dtype)
    flat = drawn.reshape(-1)
    if flat.size > 1:
        flat[0], flat[-1] = upper - 1, 0
    return flat.reshape(shape)


def dtype_named(tensor: Tensor) -> Any:
    """numpy's dtype of that name, those of ml_dtypes included.

    Raises:
        BadSamples: it is no number.
    """
    import ml_dtypes
    import numpy as np

    if hasattr(ml_dtypes, tensor.dtype):
        return np.dtype(getattr(ml_dtypes, tensor.dtype))
    try:
        return np.dtype(tensor.dtype)
    except TypeError:
        raise BadSamples(
            f"Input {tensor.name!r} takes {tensor.dtype}, which cannot be made up: send samples.",
            field=f"samples.{tensor.name}",
        ) from None


def _check(tensor: Tensor, array: NDArray[Any]) -> None:
    where = f"samples.{tensor.name}"
    if tensor.dtype == "object" and array.dtype.kind == "U":
        array = array.astype(object)  # numpy's own strings: an .npz of plain arrays has no others
    if array.dtype.name != tensor.dtype:
        raise BadSamples(
            f"Input {tensor.name!r} takes {tensor.dtype}; the samples are {array.dtype.name}.",
            field=where,
        )
    if tensor.shape is None:
        return
    given = array.shape if array.ndim == len(tensor.shape) else array.shape[1:]
    free = array.ndim == len(tensor.shape)  # its first axis is the batch: any number of samples
    fits = len(given) == len(tensor.shape) and all(
        not isinstance(want, int) or want == have or (free and axis == 0)
        for axis, (want, have) in enumerate(zip(tensor.shape, given, strict=True))
    )
    if not fits:
        raise BadSamples(
            f"Input {tensor.name!r} has the shape {_written(tensor.shape)}; the samples have"
            f" {_written(array.shape)}, whose first axis counts samples.",
            field=where,
        )
    batch = tensor.shape[0] if free and tensor.shape else None
    if isinstance(batch, int) and len(array) < batch:
        raise BadSamples(
            f"Input {tensor.name!r} takes batches of {batch}; there are {len(array)} samples.",
            field=where,
        )


def _batch(tensor: Tensor, array: NDArray[Any]) -> int | None:
    """How many samples go in at once; None for as many as there are."""
    if tensor.shape is None:
        return None
    if array.ndim == len(tensor.shape) + 1:
        return 1
    first = tensor.shape[0]
    return first if isinstance(first, int) else None


def _slice(tensor: Tensor, array: NDArray[Any], start: int, step: int) -> NDArray[Any]:
    if tensor.shape is not None and array.ndim == len(tensor.shape) + 1:
        one: NDArray[Any] = array[start]
        return one
    return array[start : start + step]


def _written(shape: Sequence[int | str | None]) -> str:
    return "(" + ", ".join("?" if each is None else str(each) for each in shape) + ")"
