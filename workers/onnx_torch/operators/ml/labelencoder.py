"""LabelEncoder: values looked up in a table."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.registry import operator
from workers.onnx_graph.values import Constant
from workers.onnx_torch.dtypes import tensor_of


@operator("LabelEncoder", since=1)
def label_encoder_1(
    x: Any, *, classes_strings: list[str], default_int64: int, default_string: str
) -> Any:
    """Strings to their places in a list, or back."""
    places = np.arange(len(classes_strings))
    words = np.array(classes_strings, dtype=object)
    if isinstance(x, np.ndarray):
        return encoded(x, words, places, default_int64)
    return encoded(x, places, words, default_string)


@operator("LabelEncoder", since=2)
def label_encoder(
    x: Any,
    *,
    default_float: float,
    default_int64: int,
    default_string: str,
    default_tensor: Any | None,
    keys_floats: list[float] | None,
    keys_int64s: list[int] | None,
    keys_strings: list[str] | None,
    keys_tensor: Any | None,
    values_floats: list[float] | None,
    values_int64s: list[int] | None,
    values_strings: list[str] | None,
    values_tensor: Any | None,
) -> Any:
    """Keys and values are lists of one type each; tensors since version 4."""
    keys = _listed(keys_tensor, keys_floats, keys_int64s, keys_strings)
    values = _listed(values_tensor, values_floats, values_int64s, values_strings)
    if values_tensor is not None:
        default = _default(default_tensor, values)
    elif values_floats:
        default = default_float
    else:
        default = default_int64 if values_int64s else default_string
    return encoded(x, keys, values, default)


def encoded(x: Any, keys: Any, values: Any, default: Any) -> Any:
    """Each element's value, or the default; strings are looked up on the host."""
    if isinstance(x, np.ndarray):
        table = dict(zip(map(str, keys), values, strict=True))
        found = [table.get(str(each), default) for each in x.reshape(-1)]
        return Constant(np.array(found, dtype=values.dtype).reshape(x.shape))
    order = np.argsort(keys, kind="stable")
    known, made = tensor_of(keys[order]), _numbers(values[order])
    places = torch.searchsorted(known, x.to(known.dtype).contiguous()).clamp(max=len(keys) - 1)
    hit = known[places] == x
    if x.is_floating_point():
        hit = hit | (known[places].isnan() & x.isnan())
    if made is not None:
        return torch.where(hit, made[places], torch.tensor(default, dtype=made.dtype))
    if torch.compiler.is_exporting():
        raise CannotTranslate("gives strings, of which torch has no tensors")
    words = values[order][places.numpy()]
    return Constant(np.where(hit.numpy(), words, default).astype(object))


def _numbers(values: Any) -> Tensor | None:
    return None if values.dtype == object else tensor_of(values)


def _listed(tensor: Any, floats: Any, ints: Any, strings: Any) -> Any:
    if tensor is not None:
        return tensor.reshape(-1)
    if floats:
        return np.array(floats, np.float32)
    return np.array(ints, np.int64) if ints else np.array(strings or [], dtype=object)


def _default(tensor: Any, values: Any) -> Any:
    """Of version 4: by the values' type, where no tensor says it."""
    if tensor is not None:
        return tensor.reshape(-1)[0]
    if values.dtype == object:
        return "_Unused"
    return -1 if values.dtype.kind in "iu" else -0.0
