"""Examples: inputs as each of two live models takes them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import InvalidOptions
from workers.transplant.calls import Run
from workers.transplant.live_keras import KerasWeights
from workers.transplant.live_torch import TorchWeights
from workers.weights.variables import Array, Framework

Live = KerasWeights | TorchWeights
Example = Any
"""One array or several for both, as Keras takes them, or `{"keras": ..., "pytorch": ...}`."""

KERAS: Final = "keras"
PYTORCH: Final = "pytorch"


def given(example: Example, module: TorchWeights) -> tuple[list[Array], list[list[Array]]]:
    """What the Keras model takes, and what the PyTorch one may take, the likeliest first.

    Raises:
        InvalidOptions: the example is no array, no list of them and names no two sides.
    """
    if not isinstance(example, Mapping):
        arrays = _arrays(example)
        return arrays, list(_ways(arrays, module))
    if set(example) != {KERAS, PYTORCH}:
        raise InvalidOptions(
            f"An example by side names {KERAS} and {PYTORCH}, and this one"
            f" {', '.join(map(str, example)) or 'nothing'}.",
            field="example",
        )
    return _arrays(example[KERAS]), [_arrays(example[PYTORCH])]


def first_run(
    module: TorchWeights, ways: Sequence[Sequence[Array]], heard: Sequence[str] = ()
) -> tuple[Run, Sequence[Array]]:
    """The module's run on the first of these that it takes, and which that was.

    Raises:
        InvalidOptions: it takes none; says what PyTorch said.
    """
    said: Exception | None = None
    for way in ways:
        try:
            return module.run(way, heard), way
        except (RuntimeError, ValueError, IndexError) as error:
            said = said or error
    raise InvalidOptions(
        f"The PyTorch module does not take the example: {said} Give the inputs of each side:"
        f' {{"{KERAS}": [...], "{PYTORCH}": [...]}}.',
        field="example",
    ) from said


def _arrays(example: Any) -> list[Array]:
    import numpy as np

    parts = example if isinstance(example, (list, tuple)) else [example]
    found = [np.asarray(each) for each in parts]
    if any(each.dtype.kind not in "fiubc" for each in found) or not found:
        raise InvalidOptions("The example has something in it that is no array.", field="example")
    return found


def _ways(arrays: list[Array], module: TorchWeights) -> Iterator[list[Array]]:
    turned = [_turned(each) for each in arrays]
    if any(_reads_channels_last(each, module) for each in arrays):
        yield turned
        yield arrays
    else:
        yield arrays
        yield turned


def _turned(array: Array) -> Array:
    import numpy as np

    return np.moveaxis(array, -1, 1) if array.ndim > 2 else array  # noqa: PLR2004


def _reads_channels_last(array: Array, module: TorchWeights) -> bool:
    """Whether a convolution of this many dimensions reads as many channels as are last in it."""
    read = {
        layer.settings.get("in_channels")
        for name, layer in module.layers.items()
        if layer.kind.startswith("Conv") and f"{name}.weight" in module.variables
        if len(module.variables[f"{name}.weight"].shape) == array.ndim
    }
    return array.shape[-1] in read


def by_framework(one: Live, other: Live) -> tuple[KerasWeights, TorchWeights]:
    """The two, Keras's first.

    Raises:
        InvalidOptions: both are of one framework.
    """
    if isinstance(one, KerasWeights) and isinstance(other, TorchWeights):
        return one, other
    if isinstance(other, KerasWeights) and isinstance(one, TorchWeights):
        return other, one
    framework = Framework.TENSORFLOW if isinstance(one, KerasWeights) else Framework.PYTORCH
    raise InvalidOptions(f"Both models are of {framework}.", field="example")
