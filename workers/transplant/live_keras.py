"""A live Keras model as variables: read from it, and set in it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workers.transplant.casting import fitted
from workers.transplant.live_flattening import flattenings
from workers.weights.variables import Array, Framework, Layer, Variable

SETTINGS: Final = (
    "epsilon",
    "num_heads",
    "key_dim",
    "reset_after",
    "groups",
    "depth_multiplier",
    "go_backwards",
    "return_sequences",
    "strides",
    "padding",
    "dilation_rate",
    "units",
    "filters",
    "axis",
    "use_bias",
)


class KerasWeights:
    """The variables of a `keras.Model` that is built, by their paths: `conv2d/kernel`.

    They come in the order of the model's layers; seeds and an optimizer's slots are not among
    them. Of two variables of one path the later one's scope gets a number, as Keras numbers the
    layers themselves.
    """

    framework: Final = Framework.TENSORFLOW
    ordered: Final = True

    def __init__(self, model: Any) -> None:
        self._held = dict(_named(model))
        self.variables: Mapping[str, Variable] = {
            name: Variable(name, tuple(held.shape), str(held.dtype))
            for name, held in self._held.items()
        }
        self.ties: Mapping[str, str] = {}
        self.layers: Mapping[str, Layer] = dict(_layers(model))

    def read(self, name: str) -> Array:
        from keras import ops

        found: Array = ops.convert_to_numpy(self._held[name])
        return found

    def write(self, name: str, array: Array) -> None:
        """Raises:
        StepRefused: there is no such variable, or it cannot hold the array.
        """
        fit = fitted(name, array, self.variables.get(name))
        self._held[name].assign(fit)


def below(model: Any) -> Iterator[tuple[str, Any]]:
    """Each layer in it that has variables, itself left out, by its path."""
    for layer in model._flatten_layers(include_self=False):  # noqa: SLF001 - Keras has no public walk
        if layer.weights:
            yield layer.path or layer.name, layer


def _named(model: Any) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for weight in model.weights:
        count = seen.get(weight.path, 0)
        seen[weight.path] = count + 1
        scope, _, leaf = weight.path.rpartition("/")
        yield (f"{scope}_{count}/{leaf}" if count else weight.path), weight


def _layers(model: Any) -> Iterator[tuple[str, Layer]]:
    shapes = flattenings(model)
    for path, layer in below(model):
        told = Layer(type(layer).__name__, {**_settings(layer), **shapes.get(id(layer), {})})
        yield path, told
        inner = {id(w) for each in _children(layer) for w in each.weights}
        for weight in layer.weights:
            if id(weight) not in inner:
                yield weight.path.rpartition("/")[0], told


def _children(layer: Any) -> Iterator[Any]:
    yield from layer._flatten_layers(include_self=False)  # noqa: SLF001 - Keras has no public walk


def _settings(layer: Any) -> dict[str, Any]:
    told = {name: getattr(layer, name) for name in SETTINGS if _is_plain(layer, name)}
    activation = getattr(layer, "activation", None)
    if callable(activation):
        told["activation"] = getattr(activation, "__name__", type(activation).__name__)
    return told


def _is_plain(layer: Any, name: str) -> bool:
    return isinstance(getattr(layer, name, None), (bool, int, float, str, tuple, list))
