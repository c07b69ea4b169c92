"""Protobufs: told apart by the wire format of their outermost message.

Sources: protobuf's encoding page; onnx.proto3 (ModelProto); saved_model.proto (SavedModel).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, Final

from shared.domain.errors import TruncatedFile

_VARINT: Final = 0
_LENGTH: Final = 2
_VARINT_MAX: Final = 10  # bytes
_FIELDS_MAX: Final = 1_000_000

_IR_VERSION: Final = 1
_GRAPH: Final = 7
_OPSET_IMPORT: Final = 8
_IR_VERSIONS: Final = range(1, 100)
_OPSETS_SINCE: Final = 3  # the IR version from which opset_import must be there
_MODEL_PROTO: Final = {
    _IR_VERSION: _VARINT,
    2: _LENGTH,  # producer_name
    3: _LENGTH,  # producer_version
    4: _LENGTH,  # domain
    5: _VARINT,  # model_version
    6: _LENGTH,  # doc_string
    _GRAPH: _LENGTH,
    _OPSET_IMPORT: _LENGTH,
    14: _LENGTH,  # metadata_props
    20: _LENGTH,  # training_info
    25: _LENGTH,  # functions
    26: _LENGTH,  # configuration
}
_SAVED_MODEL: Final = frozenset({1, 2})  # saved_model_schema_version, meta_graphs
_SCHEMA_VERSION: Final = 1
_NAME_MAX: Final = 256  # bytes; what an ONNX producer_name stays below and a MetaGraphDef does not


class Message(Enum):
    """The outermost messages that are known here."""

    ONNX = "ModelProto"
    SAVED_MODEL = "SavedModel"


@dataclass(frozen=True, slots=True)
class _Field:
    """`value` is the number of a varint, the length of anything else; `whole`: it is all there."""

    number: int
    wire: int
    value: int
    whole: bool


def outermost(reader: BinaryIO) -> Message | None:
    """Which message a file is, or None when it is none of them.

    Raises:
        TruncatedFile: it is an ONNX model, and it ends too early.
    """
    seen: dict[int, _Field] = {}
    for field in _fields(reader):
        if _MODEL_PROTO.get(field.number) != field.wire:
            return None
        seen.setdefault(field.number, field)
        if not field.whole:
            break
    version = seen.get(_IR_VERSION)
    if version is None or version.value not in _IR_VERSIONS or not version.whole:
        return None
    if _is_saved_model(seen):
        return Message.SAVED_MODEL
    if not all(field.whole for field in seen.values()):
        raise TruncatedFile("The ONNX file ends within its model. Send the whole file again.")
    if _GRAPH not in seen:
        raise TruncatedFile("The ONNX file ends before its graph. Send the whole file again.")
    if _OPSET_IMPORT not in seen and version.value >= _OPSETS_SINCE:
        raise TruncatedFile("The ONNX file ends before its opset. Send the whole file again.")
    return Message.ONNX


def _is_saved_model(seen: dict[int, _Field]) -> bool:
    if seen.keys() != _SAVED_MODEL or seen[1].value != _SCHEMA_VERSION:
        return False
    return seen[2].value > _NAME_MAX


def _fields(reader: BinaryIO) -> Iterator[_Field]:
    """The fields of the outermost message; the last one is not whole where the file is cut.

    Stops without a word where the bytes are no protobuf: an unknown wire type is a field whose
    number 0 is known to nobody.
    """
    size = reader.seek(0, os.SEEK_END)
    at = reader.seek(0)
    for _ in range(_FIELDS_MAX):
        if at == size:
            return
        tag = _varint(reader)
        if tag is None:
            yield _Field(_GRAPH, _LENGTH, 0, whole=False)
            return
        number, wire = tag >> 3, tag & 7
        if wire not in {_VARINT, _LENGTH}:
            yield _Field(0, wire, 0, whole=False)
            return
        value = _varint(reader)
        if value is None:
            yield _Field(number, wire, 0, whole=False)
            return
        at = reader.tell() + (value if wire == _LENGTH else 0)
        yield _Field(number, wire, value, whole=at <= size)
        reader.seek(at)
    yield _Field(0, _VARINT, 0, whole=False)


def _varint(reader: BinaryIO) -> int | None:
    value = 0
    for place in range(_VARINT_MAX):
        byte = reader.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value
    return None
