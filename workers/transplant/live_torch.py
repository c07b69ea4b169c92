"""A live PyTorch module as variables: read from it, and set in it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from workers.transplant.calls import Run, torch_run
from workers.transplant.casting import fitted
from workers.transplant.tensors import as_array
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

    def __init__(self, module: Any, layers: Mapping[str, Layer] | None = None) -> None:
        """`layers` says what the modules are, where their classes do not."""
        self.model = module
        self._held: dict[str, Any] = dict(module.state_dict(keep_vars=True))
        self.variables: Mapping[str, Variable] = {
            name: Variable(name, tuple(held.shape), str(held.dtype).removeprefix("torch."))
            for name, held in self._held.items()
        }
        self.ties: Mapping[str, str] = dict(_ties(self._held))
        self.layers: Mapping[str, Layer] = layers or {
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
            given = torch.frombuffer(bytearray(np.ascontiguousarray(fit)), dtype=held.dtype)
            with torch.no_grad():
                held.copy_(given.reshape(held.shape))

    def run(self, given: Sequence[Array], heard: Collection[str] = ()) -> Run:
        """Call the module in evaluation mode, and note the calls of the modules named `heard`.

        Raises:
            RuntimeError: PyTorch's own, where the module does not take the inputs.
        """
        named = dict(self.model.named_modules())
        return torch_run(self.model, given, {each: named[each] for each in heard if each in named})

    def activated(self, path: str, array: Array) -> Array | None:
        """What the module makes of it in the end, where it has an activation of its own, as
        timm's norms do."""
        import torch

        activation = getattr(dict(self.model.named_modules()).get(path), "act", None)
        if not isinstance(activation, torch.nn.Module):
            return None
        with torch.no_grad():
            return as_array(activation(torch.tensor(array)))


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
