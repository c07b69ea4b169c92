"""Drawn: inputs for two live models of which nobody gave an example.

Keras knows the shapes of its inputs. Which numbers stand in them nobody says; two models that
compute the same do so with random ones.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, Final

from workers.transplant.live_keras import KerasWeights, below
from workers.weights.variables import Array

BATCH: Final = 2
LENGTHS: Final = {2: 8, 3: 8, 4: 32, 5: 8}
"""Of an axis that may be of any length, by the rank of the input with its batch."""

LARGEST: Final = 1 << 22  # numbers in an input


def drawn(keras: KerasWeights) -> Iterator[list[Array]]:
    """Inputs that the Keras model may take, the likeliest first: floats, and whole numbers
    below the length of its shortest table. None where it does not know its inputs."""
    inputs = list(_inputs(keras.model))
    if not inputs or any(prod(shape) > LARGEST for shape, _ in inputs):
        return
    most = _shortest(keras.model)
    whole = [dtype.startswith(("int", "uint")) for _, dtype in inputs]
    plain = zip(inputs, whole, strict=True)
    yield [_draw(shape, max(most, 2) if each else 0) for (shape, _), each in plain]
    if most and not any(whole):
        yield [_draw(shape, most) for shape, _ in inputs]


def _inputs(model: Any) -> Iterator[tuple[tuple[int, ...], str]]:
    """Shapes and dtypes: of the model's graph, else of the call that built it."""
    tensors = getattr(model, "inputs", None) or ()
    for each in tensors:
        yield _sized(each.shape), str(each.dtype)
    built = {} if tensors else getattr(model, "_build_shapes_dict", None) or {}
    for shape in built.values():
        if isinstance(shape, tuple) and len(shape) > 1 and not isinstance(shape[0], tuple):
            yield _sized(shape), ""


def _sized(shape: Any) -> tuple[int, ...]:
    usual = LENGTHS.get(len(shape), BATCH)
    return (BATCH, *(usual if each is None else int(each) for each in tuple(shape)[1:]))


def _shortest(model: Any) -> int:
    """The number of rows of the shortest table of embeddings; 0 where there is none."""
    tables = (each for _, each in below(model) if type(each).__name__ == "Embedding")
    return min((int(each.input_dim) for each in tables), default=0)


def _draw(shape: tuple[int, ...], most: int) -> Array:
    import numpy as np

    random = np.random.default_rng(len(shape))
    if most:
        return random.integers(0, most, shape).astype(np.int32)
    return random.normal(0, 1, shape).astype(np.float32)
