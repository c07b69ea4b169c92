"""Constants: tensors of the program that are short enough to be written down."""

from typing import Any, Final

from workers.torch_source.expressions import Expr, call, literal, sequence
from workers.torch_source.values import Kind, State

FEW: Final = 8
"""Elements of a tensor that stands in the code; larger ones lie with the weights."""

LARGEST: Final = 3.4028234663852886e38
"""The end of float32's range."""


def is_written(state: State) -> bool:
    """Whether the tensor is a literal, or made by a call that says what is in it."""
    tensor = state.tensor
    if state.kind is not Kind.CONSTANT or not tensor.numel() or tensor.is_quantized:
        return False
    if repr(tensor.layout) != "torch.strided":
        return False
    return tensor.numel() <= FEW or _is_even(tensor) or _is_counted(tensor)


def constant_expr(state: State, device: Expr | None) -> Expr | None:
    """`torch.tensor([1, 2])`, `torch.zeros(1, 512)`, `torch.arange(12)[None]`; None where it lies
    with the weights."""
    import torch

    if not is_written(state):
        return None
    tensor = state.tensor
    named: dict[str, Expr] = {"dtype": literal(tensor.dtype)}
    if device is not None:
        named["device"] = device
    if tensor.numel() > FEW and _is_even(tensor):
        return _even(tensor, named)
    if tensor.numel() > FEW or _is_counted(tensor):
        return _counted(tensor, named)
    if tensor.dtype in {torch.float32, torch.int64, torch.bool}:
        del named["dtype"]
    return call("torch.tensor", [_nested(plain(tensor))], named, cost=0.5)


def _is_even(tensor: Any) -> bool:
    """Whether all elements are the same number."""
    first = tensor.flatten()[:FEW]
    if first.dtype.is_complex or not bool((first == first[0]).all()):
        return False
    return bool((tensor == first[0]).all()) and not (
        tensor.dtype.is_floating_point and bool(tensor.signbit().any()) and not bool(first[0])
    )


def _even(tensor: Any, named: dict[str, Expr]) -> Expr:
    import torch

    value = plain(tensor.flatten()[0])
    sizes = [literal(each) for each in tensor.shape]
    if value in {0, 1}:
        if tensor.dtype == torch.get_default_dtype():
            del named["dtype"]
        return call("torch.ones" if value else "torch.zeros", sizes, named)
    if tensor.dtype == torch.tensor(value).dtype:
        del named["dtype"]
    return call("torch.full", [sequence(sizes), literal(value)], named)


def _is_counted(tensor: Any) -> bool:
    """Whether it is one row of whole numbers with the same step between them."""
    import torch

    whole = tensor.dtype in {torch.int64, torch.int32}
    if not whole or not tensor.ndim or max(tensor.shape) != tensor.numel() or tensor.numel() < FEW:
        return False
    row = tensor.flatten()
    step = row[1] - row[0]
    return bool(step != 0) and bool((row[1:] - row[:-1] == step).all())


def _counted(tensor: Any, named: dict[str, Expr]) -> Expr:
    import torch

    row = tensor.flatten().tolist()
    start, step = row[0], row[1] - row[0]
    args = [start, start + step * len(row), step]
    if step == 1:
        args = args[1:2] if start == 0 else args[:2]
    if tensor.dtype == torch.int64:
        del named["dtype"]
    made = call("torch.arange", [literal(each) for each in args], named)
    if tensor.ndim == 1:
        return made
    axes = ", ".join("None" if each == 1 else ":" for each in tensor.shape)
    axes = axes.removesuffix(", :")
    return Expr(f"{made.text}[{axes}]", cost=made.cost)


def scalar_for(state: Any, other: Any) -> Expr | None:
    """The number, where it is the same to an operator whether a tensor or a number comes.

    That is so beside a tensor with dimensions whose kind of number is the same or wider; one
    with dimensions of its own must not have more of them, nor another dtype.
    """
    if not isinstance(state, State) or not is_written(state) or state.tensor.numel() != 1:
        return None
    value: Any = getattr(other, "value", None)
    tensor = state.tensor
    if not getattr(value, "ndim", 0):  # a number, or a tensor that is one
        return None
    wide = _rank(value.dtype) >= _rank(tensor.dtype)
    if tensor.ndim:
        wide = value.dtype == tensor.dtype and value.ndim >= tensor.ndim
    return _number(tensor.reshape(())) if wide else None


def numbers_for(first: Any, second: Any) -> tuple[Expr, Expr] | None:
    """Two constants as numbers, where a choice of the numbers is one of the constants."""
    import torch

    for each in (first, second):
        if not isinstance(each, State) or not is_written(each) or each.tensor.ndim:
            return None
    usual = {torch.int64, torch.bool, torch.get_default_dtype()}
    if first.tensor.dtype != second.tensor.dtype or first.tensor.dtype not in usual:
        return None
    return _number(first.tensor), _number(second.tensor)


def _number(tensor: Any) -> Expr:
    """The number of rank 0, the ends of its dtype's range by their names."""
    import torch

    value = tensor.item()
    if tensor.dtype.is_floating_point:
        ends = torch.finfo(tensor.dtype)
        if value in {ends.min, ends.max}:
            return Expr(f"torch.finfo({tensor.dtype}).{'max' if value > 0 else 'min'}")
    return literal(plain(tensor))


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
    short, exact = float(str(array)), float(array)
    return short if abs(short) <= LARGEST else exact  # which rounding would put out of range


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
