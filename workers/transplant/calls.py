"""Calls: what the layers of a live model read and gave while it ran on an example."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from workers.transplant.tensors import as_array
from workers.weights.variables import Array


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the layer at `path`: its first input and its first output."""

    path: str
    read: Array | None
    gave: Array


@dataclass(frozen=True, slots=True)
class Run:
    """The model's outputs in their order, and its layers' calls in theirs."""

    outputs: tuple[Array, ...]
    calls: tuple[Call, ...]


def keras_run(model: Any, given: Sequence[Array], layers: Mapping[str, Any]) -> Run:
    """Call a Keras model in inference, and listen to `layers`."""
    from keras import ops

    calls: list[Call] = []

    def arrays(of: Any) -> list[Array]:
        return [ops.convert_to_numpy(each) for each in _tensors(of, ops.is_tensor)]

    with ExitStack() as stack:
        for path, layer in layers.items():
            stack.enter_context(_heard(layer, path, calls, arrays))
        tensors = [ops.convert_to_tensor(each) for each in given]
        outputs = model(tensors if len(tensors) > 1 else tensors[0], training=False)
    return Run(tuple(arrays(outputs)), tuple(calls))


def torch_run(module: Any, given: Sequence[Array], layers: Mapping[str, Any]) -> Run:
    """Call a PyTorch module in evaluation mode, and listen to `layers`.

    Raises:
        RuntimeError: PyTorch's own, where the module does not take the inputs.
    """
    import torch

    calls: list[Call] = []

    def arrays(of: Any) -> list[Array]:
        return [as_array(each) for each in _tensors(of, torch.is_tensor)]

    def hear(path: str, read: Any, gave: Any) -> None:
        _note(calls, path, arrays(read), arrays(gave))

    outputs = _called(module, given, layers, hear)
    return Run(tuple(arrays(outputs)), tuple(calls))


def torch_order(module: Any, given: Sequence[Array]) -> list[str]:
    """The paths of a module's parts in the order in which they are called.

    Raises:
        RuntimeError: PyTorch's own, where the module does not take the inputs.
    """
    found: list[str] = []
    _called(module, given, dict(module.named_modules()), lambda path, *_: found.append(path))
    return found


def _called(
    module: Any,
    given: Sequence[Array],
    layers: Mapping[str, Any],
    hear: Callable[[str, Any, Any], None],
) -> Any:
    """What the module gives in evaluation mode; `hear` is told what each of `layers` read and
    gave, as it does."""
    import torch

    def listener(path: str) -> Callable[..., None]:
        return lambda _, read, gave: hear(path, read, gave)

    training = module.training
    with ExitStack() as stack:
        for path, each in layers.items():
            stack.callback(each.register_forward_hook(listener(path)).remove)
        stack.callback(module.train, training)
        module.eval()
        with torch.no_grad():
            return module(*(torch.tensor(each) for each in given))


@contextmanager
def _heard(
    layer: Any, path: str, calls: list[Call], arrays: Callable[[Any], list[Array]]
) -> Iterator[None]:
    """Keras has no hooks: for the time of the block the layer's `call` is one that listens."""
    from functools import wraps

    own = layer.call

    @wraps(own)
    def call(*given: Any, **options: Any) -> Any:
        gave = own(*given, **options)
        _note(calls, path, arrays(given), arrays(gave))
        return gave

    object.__setattr__(layer, "call", call)
    try:
        yield
    finally:
        object.__delattr__(layer, "call")


def _note(calls: list[Call], path: str, read: list[Array], gave: list[Array]) -> None:
    if gave:
        # Copies: what comes after may work in place.
        calls.append(Call(path, read[0].copy() if read else None, gave[0].copy()))


def _tensors(of: Any, is_tensor: Callable[[Any], bool]) -> Iterator[Any]:
    if is_tensor(of):
        yield of
    elif isinstance(of, Mapping):
        for each in of.values():
            yield from _tensors(each, is_tensor)
    elif isinstance(of, (tuple, list)):
        for each in of:
            yield from _tensors(each, is_tensor)
