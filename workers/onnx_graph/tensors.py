"""Tensors of a file as numpy arrays; weights in other files are mapped, not read."""

from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from shared.domain.errors import InvalidModel


def array_of(tensor: Any, folder: Path) -> NDArray[Any]:
    """The values of a TensorProto; strings as numpy objects of str.

    Args:
        folder: where the files of external data lie. `check_external` has been asked before.

    Raises:
        InvalidModel: there are more or fewer values than its shape has room for.
    """
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        return _mapped(tensor, folder)
    _check_size(tensor)
    try:
        array: NDArray[Any] = numpy_helper.to_array(tensor)
    except Exception as error:
        raise InvalidModel(
            f"The values of tensor {tensor.name!r} do not fill its shape"
            f" {tuple(tensor.dims)}: {error}.",
            node=tensor.name,
        ) from error
    if tensor.data_type == TensorProto.STRING:
        return _decoded(array)
    return array


def dense(sparse: Any, folder: Path) -> NDArray[Any]:
    """A sparse tensor with its zeros written out.

    Raises:
        InvalidModel: an index lies outside of its shape.
    """
    import numpy as np

    values, indices = array_of(sparse.values, folder), array_of(sparse.indices, folder)
    dims = tuple(sparse.dims)
    whole = np.zeros(dims, dtype=values.dtype)
    places = indices if indices.ndim == 1 else np.ravel_multi_index(tuple(indices.T), dims)
    if places.size and not 0 <= int(places.min()) <= int(places.max()) < whole.size:
        raise InvalidModel(
            f"The sparse tensor {sparse.values.name!r} has an index outside of its shape {dims}.",
            node=sparse.values.name,
        )
    whole.reshape(-1)[places] = values
    return whole


def _mapped(tensor: Any, folder: Path) -> NDArray[Any]:
    import numpy as np
    from onnx import helper, numpy_helper

    told = {entry.key: entry.value for entry in tensor.external_data}
    path = folder / told["location"]
    offset = int(told.get("offset", 0))
    room = path.stat().st_size - offset
    length = int(told.get("length", room))
    dims = tuple(tensor.dims)
    bits = _bits(tensor.data_type)
    if length > room or length * 8 // max(bits, 1) < prod(dims):
        raise InvalidModel(
            f"The weights of {tensor.name!r} need {prod(dims) * bits // 8} bytes at {offset} of"
            f" {told['location']!r}, where {max(room, 0)} are left.",
            node=tensor.name,
        )
    if not prod(dims):
        return np.zeros(dims, dtype=helper.tensor_dtype_to_np_dtype(tensor.data_type))
    if bits % 8:  # packed: small enough to read, and numpy cannot map it
        raw = np.fromfile(path, dtype=np.uint8, count=length, offset=offset).tobytes()
        inline = helper.make_tensor(tensor.name, tensor.data_type, dims, raw, raw=True)
        packed: NDArray[Any] = numpy_helper.to_array(inline)
        return packed
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    return np.memmap(path, dtype=dtype, mode="c", offset=offset, shape=dims)


def _check_size(tensor: Any) -> None:
    wanted = prod(tensor.dims) * _bits(tensor.data_type)
    if any(dim < 0 for dim in tensor.dims) or (
        tensor.raw_data and len(tensor.raw_data) != -(-wanted // 8)
    ):
        raise InvalidModel(
            f"Tensor {tensor.name!r} of shape {tuple(tensor.dims)} needs {-(-wanted // 8)} bytes"
            f" and has {len(tensor.raw_data)}.",
            node=tensor.name,
        )


def _bits(data_type: int) -> int:
    from onnx import TensorProto, helper

    small = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
    name = TensorProto.DataType.Name(data_type)
    if name in small:
        return small[name]
    if name in {"UNDEFINED", "STRING"}:
        return 0
    return int(helper.tensor_dtype_to_np_dtype(data_type).itemsize) * 8


def _decoded(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    plain = [each.decode("utf-8") if isinstance(each, bytes) else str(each) for each in array.flat]
    whole = np.empty(len(plain), dtype=object)
    whole[:] = plain
    return whole.reshape(array.shape)
