"""Protobufs: told apart by the wire format of their outermost message.

Sources: protobuf's encoding page; onnx.proto3 (ModelProto); saved_model.proto (SavedModel);
graph.proto and node_def.proto (GraphDef).
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
_GRAPH_DEF: Final = {
    1: _LENGTH,  # node
    2: _LENGTH,  # library
    3: _VARINT,  # version
    4: _LENGTH,  # versions
    5: _LENGTH,  # debug_info
}
_NODE: Final = 1
_NODE_DEF: Final = frozenset({1, 2, 3, 4, 5, 6, 7})  # name, op, input, device, attr, ...
_NAME: Final = 1
_OPERATOR: Final = 2
_WORD_MAX: Final = 1024  # bytes of a node's name or operator


class Message(Enum):
    """The outermost messages that are known here."""

    ONNX = "ModelProto"
    SAVED_MODEL = "SavedModel"
    GRAPH_DEF = "GraphDef"


@dataclass(frozen=True, slots=True)
class _Field:
    """`value` is the number of a varint, the length of anything else; `whole`: it is all there.

    `at` is where the bytes of one begin that has a length.
    """

    number: int
    wire: int
    value: int
    whole: bool
    at: int = 0


def outermost(reader: BinaryIO) -> Message | None:
    """Which message a file is, or None when it is none of them.

    Raises:
        TruncatedFile: it is an ONNX model or a graph of TensorFlow's, and it ends too early.
    """
    if _is_graph_def(reader):
        return Message.GRAPH_DEF
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


def _is_graph_def(reader: BinaryIO) -> bool:
    """Told by its first node, which has a name and an operator in plain words."""
    fields = iter(_fields(reader))
    first = next(fields, None)
    if first is None or (first.number, first.wire, first.whole) != (_NODE, _LENGTH, True):
        return False
    if not _is_node(reader, first):
        return False
    whole = True
    for field in _fields(reader):
        if _GRAPH_DEF.get(field.number) != field.wire and field.whole:
            return False
        whole = whole and field.whole
    if not whole:
        raise TruncatedFile("The graph ends within its nodes. Send the whole file again.")
    return True


def _is_node(reader: BinaryIO, node: _Field) -> bool:
    words: dict[int, bytes] = {}
    for field in _fields(reader, node.at, node.at + node.value):
        if field.number not in _NODE_DEF or field.wire != _LENGTH or not field.whole:
            return False
        if field.number in {_NAME, _OPERATOR}:
            if field.value > _WORD_MAX:
                return False
            back = reader.tell()
            reader.seek(field.at)
            words[field.number] = reader.read(field.value)
            reader.seek(back)
    operator = words.get(_OPERATOR, b"")
    return operator.isalnum() or operator.replace(b"_", b"").replace(b">", b"").isalnum()


def _is_saved_model(seen: dict[int, _Field]) -> bool:
    if seen.keys() != _SAVED_MODEL or seen[1].value != _SCHEMA_VERSION:
        return False
    return seen[2].value > _NAME_MAX


def _fields(reader: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[_Field]:
    """The fields of the outermost message; the last one is not whole where the file is cut.

    With `start` and `end` those of an inner one, which lies between.

    Stops without a word where the bytes are no protobuf: an unknown wire type is a field whose
    number 0 is known to nobody.
    """
    size = reader.seek(0, os.SEEK_END) if end is None else end
    at = reader.seek(start)
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
        begin = reader.tell()
        at = begin + (value if wire == _LENGTH else 0)
        yield _Field(number, wire, value, whole=at <= size, at=begin)
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
