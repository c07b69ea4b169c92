"""Constants: tensors of the program that are short enough to be written down."""

from typing import Any, Final

from workers.torch_source.expressions import Expr, call, literal
from workers.torch_source.values import Kind, State

FEW: Final = 8
"""Elements of a tensor that stands in the code; larger ones lie with the weights."""


def is_written(state: State) -> bool:
    """Whether the tensor is a literal."""
    return (
        state.kind is Kind.CONSTANT
        and 0 < state.tensor.numel() <= FEW
        and not state.tensor.is_quantized
        and state.tensor.layout.__repr__() == "torch.strided"
    )


def constant_expr(state: State, device: Expr | None) -> Expr | None:
    """`torch.tensor([1, 2])`; None where it lies with the weights."""
    import torch

    if not is_written(state):
        return None
    tensor = state.tensor
    named: dict[str, Expr] = {}
    if tensor.dtype not in {torch.float32, torch.int64, torch.bool}:
        named["dtype"] = literal(tensor.dtype)
    if device is not None:
        named["device"] = device
    return call("torch.tensor", [_nested(plain(tensor))], named, cost=0.5)


def scalar_for(state: Any, other: Any) -> Expr | None:
    """The number, where it is the same to an operator whether a tensor or a number comes.

    That is so beside a tensor with dimensions whose kind of number is the same or wider.
    """
    if not isinstance(state, State) or not is_written(state) or state.tensor.ndim:
        return None
    value = getattr(other, "value", None)
    if (
        value is None
        or not getattr(value, "ndim", 0)
        or _rank(value.dtype) < _rank(state.tensor.dtype)
    ):
        return None
    return literal(plain(state.tensor))


def plain(tensor: Any) -> Any:
    """Python numbers in nested lists; float32 in as few digits as give it back."""
    import numpy as np
    import torch

    if tensor.dtype == torch.float32:
        return _shortest(tensor.numpy().astype(np.float32))
    return tensor.tolist()


def _shortest(array: Any) -> Any:
    if array.ndim:
        return [_shortest(each) for each in array]
    return float(str(array))


def _nested(given: Any) -> Expr:
    if not isinstance(given, list):
        return literal(given)
    return Expr(f"[{', '.join(_nested(each).text for each in given)}]")


def _rank(dtype: Any) -> int:
    import torch

    if dtype == torch.bool:
        return 0
    if dtype.is_complex:
        return 3
    return 2 if dtype.is_floating_point else 1
