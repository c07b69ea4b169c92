"""A live Keras model as variables: read from it, and set in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.transplant.calls import Run, keras_run
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
        """Raises:
        InvalidModel: the model is not built, so that it has no variables yet.
        """
        if not getattr(model, "built", True) or not model.weights:
            raise InvalidModel(
                f"The Keras model {model.name!r} has no variables yet: build it, or call it once."
            )
        self.model = model
        self._held = dict(named(model))
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

    def run(self, given: Sequence[Array], heard: Collection[str] = ()) -> Run:
        """Call the model in inference, and note the calls of the layers at the paths `heard`."""
        return keras_run(
            self.model, given, {path: each for path, each in below(self.model) if path in heard}
        )

    def activated(self, path: str, array: Array) -> Array | None:
        """What the layer makes of it in the end, where it has an activation of its own."""
        from keras import ops

        layer: Any = dict(below(self.model)).get(path)
        while hasattr(layer, "layer"):
            layer = layer.layer
        activation = getattr(layer, "activation", None)
        if not callable(activation) or hasattr(layer, "cell"):
            return None
        found: Array = ops.convert_to_numpy(activation(ops.convert_to_tensor(array)))
        return found


def below(model: Any) -> Iterator[tuple[str, Any]]:
    """Each layer in it that has variables, itself left out, by its path."""
    for layer in model._flatten_layers(include_self=False):  # noqa: SLF001 - Keras has no public walk
        if layer.weights:
            yield layer.path or layer.name, layer


def owners(model: Any) -> dict[str, str]:
    """By the name of each variable the path of the innermost layer that has it."""
    names = {id(held): name for name, held in named(model)}
    return {
        names[id(weight)]: path
        for path, layer in below(model)
        for weight in layer.weights
        if id(weight) in names
    }


def named(model: Any) -> Iterator[tuple[str, Any]]:
    """Every variable by its name here."""
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
