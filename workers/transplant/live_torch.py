"""A live PyTorch module as variables: read from it, and set in it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workers.transplant.casting import fitted
from workers.weights.variables import Array, Framework, Layer, Variable

SETTINGS: Final = (
    "eps",
    "num_heads",
    "embed_dim",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "batch_first",
    "groups",
    "num_groups",
    "stride",
    "padding",
    "output_padding",
    "dilation",
    "in_channels",
    "out_channels",
    "in_features",
    "out_features",
    "affine",
)


class TorchWeights:
    """The variables of a `torch.nn.Module`, by their names in its `state_dict`.

    They come in the order of its modules; a parameter that several modules share is there under
    each name, tied to the first.
    """

    framework: Final = Framework.PYTORCH
    ordered: Final = True

    def __init__(self, module: Any) -> None:
        self._held: dict[str, Any] = dict(module.state_dict(keep_vars=True))
        self.variables: Mapping[str, Variable] = {
            name: Variable(name, tuple(held.shape), str(held.dtype).removeprefix("torch."))
            for name, held in self._held.items()
        }
        self.ties: Mapping[str, str] = dict(_ties(self._held))
        self.layers: Mapping[str, Layer] = {
            name: Layer(type(each).__name__, dict(_settings(each)))
            for name, each in module.named_modules()
            if name and any(True for _ in each.state_dict())
        }

    def read(self, name: str) -> Array:
        return as_array(self._held[name])

    def write(self, name: str, array: Array) -> None:
        """Raises:
        StepRefused: there is no such variable, or it cannot hold the array.
        """
        import numpy as np
        import torch

        fit = fitted(name, array, self.variables.get(name))
        held = self._held[name]
        if held.numel():
            given = torch.frombuffer(np.ascontiguousarray(fit).tobytes(), dtype=held.dtype)
            with torch.no_grad():
                held.copy_(given.reshape(held.shape))


def as_array(tensor: Any) -> Array:
    """Of the same dtype, that of ml_dtypes where numpy has none. May share the memory."""
    import ml_dtypes
    import torch

    plain = tensor.detach().cpu()
    half = plain.dtype is torch.bfloat16
    bits = plain.view(torch.int16).numpy() if half else plain.numpy()
    found: Array = bits.view(ml_dtypes.bfloat16) if half else bits
    return found


def _ties(held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    first: dict[tuple[int, Any, Any], str] = {}
    for name, tensor in held.items():
        if tensor.numel():
            place = (tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()))
            if place in first:
                yield name, first[place]
            first.setdefault(place, name)


def _settings(module: Any) -> Iterator[tuple[str, Any]]:
    for name in SETTINGS:
        value = getattr(module, name, None)
        if isinstance(value, (bool, int, float, str, tuple)):
            yield name, value
