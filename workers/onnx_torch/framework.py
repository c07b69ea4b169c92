"""PyTorch as the walker sees it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true
from torch.fx.traceback import annotate

from workers.onnx_graph.nodes import Node
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import Translation
from workers.onnx_graph.values import Constant, Known, Symbols, symbols
from workers.onnx_graph.walking import hand_over, keywords
from workers.onnx_torch.dtypes import array_of
from workers.onnx_torch.weights import Weights

MARK = "onnx"
"""Under this key a traced call names the node that it came from."""


class Torch:
    """Eager, or under torch.export: the same calls. `weights` are those of the module."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def tensor(self, value: Any) -> Any:
        """A tensor; strings, which torch has none of, stay numpy's arrays of objects."""
        match value:
            case Constant():
                if value.array.dtype.kind in "OUS":
                    return value.array
                return self.weights.tensor(value)
            case Symbols():
                return _stacked(value)
            case np.ndarray() | torch.Tensor() | None:
                return value
            case bool() | int() | float() | torch.SymInt() | torch.SymFloat() | torch.SymBool():
                return torch.scalar_tensor(value, dtype=_scalar_dtype(value))
            case _:
                raise CannotTranslate(f"wants a tensor where it is given a {type(value).__name__}")

    def read(self, value: Any) -> Known:
        """The values of a tensor; while it is traced, symbols that stand for them."""
        if isinstance(value, np.ndarray):
            return Constant(value)
        if not isinstance(value, torch.Tensor):
            raise CannotTranslate(f"wants a tensor where it is given a {type(value).__name__}")
        if not torch.compiler.is_exporting():
            return Constant(array_of(value))
        if any(not isinstance(length, int) for length in value.shape):
            raise CannotTranslate(
                "is given numbers whose count is known at run time only",
                hint="Such a model cannot be exported; its shapes must not depend on its data.",
            )
        flat = value.reshape(-1)
        elements = [flat[index].item() for index in range(flat.shape[0])]
        name = str(value.dtype).removeprefix("torch.")
        return symbols(elements, tuple(value.shape), name)

    def shape(self, value: Any) -> Sequence[Any]:
        """Integers, and torch's symbols."""
        if isinstance(value, list):
            raise CannotTranslate("wants the shape of a sequence, which has none")
        return tuple(value.shape)

    def maximum(self, one: Any, other: Any) -> Any:
        return torch.sym_max(one, other)

    def minimum(self, one: Any, other: Any) -> Any:
        return torch.sym_min(one, other)

    def equal(self, one: Any, other: Any) -> bool | None:
        if not any(isinstance(each, torch.SymInt) for each in (one, other)):
            return bool(one == other)
        if statically_known_true(one == other):
            return True
        return False if statically_known_true(one != other) else None

    def apply(self, node: Node, translation: Translation, values: Sequence[Any]) -> Any:
        given = hand_over(self, translation, values)
        return translation.apply(*given, **keywords(node, translation))

    @contextmanager
    def at(self, node: Node) -> Iterator[None]:
        """Calls traced within are marked with the node's name."""
        if not torch.compiler.is_exporting():
            yield
            return
        with annotate({MARK: node.name}):
            yield


def _stacked(value: Symbols) -> torch.Tensor:
    dtype = getattr(torch, value.dtype)
    parts = [torch.scalar_tensor(each, dtype=dtype) for each in value.array.reshape(-1)]
    if value.array.ndim == 0:
        return parts[0]
    return torch.stack(parts).reshape(value.array.shape)


def _scalar_dtype(value: Any) -> torch.dtype:
    if isinstance(value, bool | torch.SymBool):
        return torch.bool
    return torch.int64 if isinstance(value, int | torch.SymInt) else torch.float32
