"""Layouts: weights in a second file, or all in one."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from shared.domain.errors import InvalidOptions
from workers.deliver import LARGEST_FILE
from workers.onnx_graph.tensors import dense
from workers.onnxruntime_bridge.graphs import graphs

APART: Final = 1 << 10
"""Bytes from which a weight is worth a place in the second file; shapes and axes are smaller."""

PAGE: Final = 1 << 12
"""Bytes. Loaders map a weight where it begins a page."""

CHUNK: Final = 1 << 22


def split(model: Any, source: Path, target: Path) -> int:
    """Write every weight of at least APART bytes to `target`; how many there are.

    Args:
        source: the folder that external weights lie in so far.
    """
    count = 0
    with target.open("wb") as out:
        for tensor in _weights(model):
            if not (pieces := list(_pieces(tensor, source))):
                continue
            out.write(bytes(-out.tell() % PAGE))
            offset = out.tell()
            for piece in pieces:
                _pour(piece, out)
            _point(tensor, target.name, offset, out.tell() - offset)
            count += 1
    return count


def join(model: Any, source: Path) -> None:
    """Take every external weight into the model.

    Raises:
        InvalidOptions: it would be larger than a protobuf can be.
    """
    from onnx.external_data_helper import load_external_data_for_tensor

    lengths = [_length(each, source) for each in _weights(model) if each.external_data]
    if sum(lengths) + model.ByteSize() > LARGEST_FILE:
        raise InvalidOptions(
            f"The weights are {sum(lengths)} bytes, and one ONNX file holds {LARGEST_FILE} at"
            " most. Leave external_data out, or set it to true.",
            field="options.external_data",
        )
    for tensor in _weights(model):
        if tensor.external_data:
            load_external_data_for_tensor(tensor, str(source))
            del tensor.external_data[:]
            tensor.ClearField("data_location")


def write_out_sparse(model: Any, source: Path) -> bool:
    """Give sparse weights their zeros back, for readers that know no others; whether any had some.

    Raises:
        InvalidModel: an index lies outside of its weight's shape.
    """
    from onnx import numpy_helper

    found = False
    for graph in graphs(model.graph):
        found |= bool(graph.sparse_initializer)
        for each in graph.sparse_initializer:
            weight = numpy_helper.from_array(dense(each, source), each.values.name)
            graph.initializer.append(weight)
        del graph.sparse_initializer[:]
    return found


Piece = bytes | tuple[Path, int, int]
"""Bytes, or a file with the offset and the length of a part of it."""


def _pieces(tensor: Any, source: Path) -> Iterator[Piece]:
    """Where the bytes of a weight are, if it is to lie apart."""
    from onnx import TensorProto, numpy_helper

    if tensor.external_data:
        told = {entry.key: entry.value for entry in tensor.external_data}
        yield source / told["location"], int(told.get("offset", 0)), _length(tensor, source)
    elif tensor.data_type != TensorProto.STRING and tensor.ByteSize() >= APART:
        if not tensor.HasField("raw_data"):
            plain = numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name)
            tensor.CopyFrom(plain)
        if len(tensor.raw_data) >= APART:
            yield tensor.raw_data


def _pour(piece: Piece, out: IO[bytes]) -> None:
    if isinstance(piece, bytes):
        out.write(piece)
        return
    path, offset, left = piece
    with path.open("rb") as file:
        file.seek(offset)
        while left and (chunk := file.read(min(CHUNK, left))):
            out.write(chunk)
            left -= len(chunk)


def _point(tensor: Any, location: str, offset: int, length: int) -> None:
    from onnx import TensorProto

    tensor.ClearField("raw_data")
    del tensor.external_data[:]
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    tensor.data_location = TensorProto.EXTERNAL


def _length(tensor: Any, source: Path) -> int:
    told = {entry.key: entry.value for entry in tensor.external_data}
    if "length" in told:
        return int(told["length"])
    whole: int = (source / told["location"]).stat().st_size
    return whole - int(told.get("offset", 0))


def _weights(model: Any) -> Iterator[Any]:
    for graph in graphs(model.graph):
        yield from graph.initializer
