"""onnx2pytorch on a backend case, with its experimental operators."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PRELOAD: Final = ("torch", "bench.backends.torchvision_names", "onnx2pytorch")

NOT_OF_NUMPY: Final = (
    "bfloat16",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
)
"""Dtypes of torch that numpy has from ml_dtypes, under the same names."""


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """Its module, in evaluation mode."""
    import onnx

    converted = import_module("onnx2pytorch").ConvertModel(onnx.load(path), experimental=True)
    return of_torch(converted.eval())


def of_torch(module: Any) -> Callable[[Sequence[Any]], list[Any]]:
    """A callable on arrays from one on tensors."""
    import torch

    def run(inputs: Sequence[Any]) -> list[Any]:
        with torch.no_grad():
            outputs = module(*(_tensor(each) for each in inputs))
        if isinstance(outputs, dict):
            outputs = tuple(outputs.values())
        several = outputs if isinstance(outputs, tuple | list) else (outputs,)
        return [_array(each) for each in several]

    return run


def _tensor(value: Any) -> Any:
    import torch

    if isinstance(value, list):
        return [_tensor(each) for each in value]
    if value is None:
        return None
    if value.dtype.name in NOT_OF_NUMPY:
        raw = torch.from_numpy(value.view(f"int{8 * value.itemsize}").copy())
        return raw.view(getattr(torch, value.dtype.name))
    return torch.from_numpy(value.copy())


def _array(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_array(each) for each in value]
    if value is None:
        return None
    name = str(value.dtype).removeprefix("torch.")
    if name in NOT_OF_NUMPY:
        import ml_dtypes
        import torch

        width = getattr(torch, f"int{8 * value.element_size()}")
        return value.detach().view(width).numpy().view(getattr(ml_dtypes, name))
    return value.detach().numpy()
