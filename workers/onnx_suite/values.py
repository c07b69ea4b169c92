"""Values: what ONNX writes into a .pb file beside a model, as numpy arrays and Python's own."""

from pathlib import Path
from typing import Any

from shared.domain.errors import InvalidModel

Value = Any
"""An array (of `str` objects where it is text), a list of values, a dict, or None: an empty
optional."""


def read(path: Path, declared: Any) -> Value:
    """The value in a file.

    Args:
        declared: the `TypeProto` of the model's input or output: the file does not say it.

    Raises:
        InvalidModel: it is no value of that type.
    """
    from google.protobuf.message import DecodeError
    from onnx import MapProto, OptionalProto, SequenceProto, TensorProto, numpy_helper

    readers = {
        "tensor_type": (TensorProto, numpy_helper.to_array),
        "sequence_type": (SequenceProto, numpy_helper.to_list),
        "map_type": (MapProto, numpy_helper.to_dict),
        "optional_type": (OptionalProto, numpy_helper.to_optional),
    }
    kind = declared.WhichOneof("value")
    if kind not in readers:
        raise InvalidModel(f"{path.name}: data of the type {kind} cannot be read.")
    message, convert = readers[kind]
    proto = message()
    try:
        proto.ParseFromString(path.read_bytes())
        return convert(proto)
    except (DecodeError, ValueError, TypeError) as error:
        raise InvalidModel(f"{path.name} holds no {kind.partition('_')[0]}: {error}") from error


def write(value: Value, declared: Any, name: str, path: Path) -> None:
    """The other way: `value`, an array, list, dict, None or a tensor of ONNX's, to a file."""
    from onnx import TensorProto, numpy_helper

    writers = {
        "map_type": numpy_helper.from_dict,
        "sequence_type": numpy_helper.from_list,
        "optional_type": numpy_helper.from_optional,
        "tensor_type": numpy_helper.from_array,
    }
    if isinstance(value, TensorProto):
        proto = value
    else:
        proto = writers[declared.WhichOneof("value")](value, name)
    path.write_bytes(proto.SerializeToString())
