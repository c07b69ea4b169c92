"""Sizes: whether every tensor of an ONNX file has as many values as its shape has room for.

Format: onnx.proto3, TensorProto.
"""

import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.onnx_files.external import tensors

PAIRED: Final = (2, 4)
"""Bits. Values as small as that share a number; those of six share bytes only."""

SMALL: Final = re.compile(r"U?(?:INT|FLOAT)(?P<bits>[246])(?:E\d|$)")


def check_sizes(model: Any, folder: Path) -> None:
    """Hold the values of each tensor against its shape.

    Args:
        folder: where external data lies; `check_external` has passed it.

    Raises:
        InvalidModel: names the tensor, what its shape wants and what there is.
    """
    sizes: dict[str, int] = {}
    for tensor in tensors(model):
        if tensor.data_type or tensor.dims or tensor.external_data:
            _check(tensor, folder, sizes)


def _check(tensor: Any, folder: Path, sizes: dict[str, int]) -> None:
    from onnx import TensorProto

    if any(dim < 0 for dim in tensor.dims):
        raise _wrong(tensor, "which has a negative length")
    if tensor.data_type not in TensorProto.DataType.values() or not tensor.data_type:
        raise _wrong(tensor, f"whose element type {tensor.data_type} is unknown")
    count = prod(tensor.dims)
    told = {entry.key: entry.value for entry in tensor.external_data}
    if told:
        _check_external(tensor, told, count, sizes, folder)
    elif tensor.HasField("raw_data"):
        _check_count(tensor, len(tensor.raw_data), _bytes(tensor.data_type, count), "bytes")
    else:
        _check_values(tensor, count)


def _check_external(
    tensor: Any, told: Mapping[str, str], count: int, sizes: dict[str, int], folder: Path
) -> None:
    location = told["location"]
    if location not in sizes:
        sizes[location] = (folder / location).stat().st_size
    try:
        offset = int(told.get("offset", 0))
        length = int(told.get("length", sizes[location] - offset))
    except ValueError:
        raise _wrong(tensor, "whose place in its file is no number") from None
    if offset < 0 or length < 0 or offset + length > sizes[location]:
        raise _wrong(
            tensor,
            f"which is said to be bytes {offset} to {offset + length} of {location!r}, and that"
            f" has {sizes[location]}",
        )
    _check_count(tensor, length, _bytes(tensor.data_type, count), "bytes")


def _check_values(tensor: Any, count: int) -> None:
    """Of the fields that have a number for each value."""
    from onnx import TensorProto, helper

    field = helper.tensor_dtype_to_field(tensor.data_type)
    has = len(getattr(tensor, field))
    wanted = count
    if tensor.data_type in {TensorProto.COMPLEX64, TensorProto.COMPLEX128}:
        wanted = 2 * count
    elif _bits(tensor.data_type) in PAIRED:
        wanted = _bytes(tensor.data_type, count)
    _check_count(tensor, has, wanted, "values")


def _check_count(tensor: Any, has: int, wanted: int, what: str) -> None:
    if has != wanted:
        raise _wrong(tensor, f"which wants {wanted} {what}, and there are {has}")


def _bytes(data_type: int, count: int) -> int:
    return -(-count * _bits(data_type) // 8)


def _bits(data_type: int) -> int:
    from onnx import TensorProto, helper

    name: str = TensorProto.DataType.Name(data_type)
    if small := SMALL.match(name):
        return int(small["bits"])
    if data_type == TensorProto.STRING:
        return 0
    return int(helper.tensor_dtype_to_np_dtype(data_type).itemsize) * 8


def _wrong(tensor: Any, why: str) -> InvalidModel:
    return InvalidModel(
        f"The tensor {tensor.name!r} is damaged: its shape is {list(tensor.dims)}, {why}. Export"
        " the model anew.",
        node=tensor.name or None,
    )
