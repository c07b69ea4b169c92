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
    node: Any,
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
    return encoded(x, keys, values, default, nan=node.version >= 4)  # noqa: PLR2004


def encoded(x: Any, keys: Any, values: Any, default: Any, *, nan: bool = False) -> Any:
    """Each element's value, or the default; strings are looked up on the host.

    Of equal keys the last counts. `nan`: whether a key that is no number fits all that are none.
    """
    if isinstance(x, np.ndarray):
        table = dict(zip(map(str, keys), values, strict=True))
        found = [table.get(str(each), default) for each in x.reshape(-1)]
        return Constant(np.array(found, dtype=values.dtype).reshape(x.shape))
    known, order = np.unique(keys[::-1], return_index=True)
    made = values[::-1][order]
    real = known == known  # noqa: PLR0124 - false of what is no number
    places, hit = _looked_up(x, tensor_of(known[real]))
    if made.dtype == object and torch.compiler.is_exporting():
        raise CannotTranslate("gives strings, of which torch has no tensors")
    if made.dtype == object:
        return Constant(np.where(hit.numpy(), made[places.numpy()], default).astype(object))
    usual = torch.tensor(default, dtype=tensor_of(made).dtype)
    found = torch.where(hit, tensor_of(made)[places], usual)
    if nan and not real.all():
        found = torch.where(x.isnan(), tensor_of(made)[-1], found)
    return found


def _looked_up(x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Where each element stands among sorted keys, and whether it does."""
    places = torch.searchsorted(known, x.to(known.dtype).contiguous())
    places = places.clamp(max=known.shape[0] - 1)
    return places, known[places] == x


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
