"""Npz: a zip of arrays, known by its headers; no array is loaded.

Source: numpy.lib.format, versions 1.0 to 3.0.
"""

import ast
import math
import os
import re
from typing import IO, BinaryIO, Final

from shared.domain.errors import BadSamples, EmptyFile, TruncatedFile
from shared.domain.views import ArrayView
from shared.domain.zips import LOCAL, Zip

MAGIC: Final = b"\x93NUMPY"

_HEADER_MAX: Final = 1 << 16
_LENGTH_BYTES: Final = {1: 2, 2: 4, 3: 4}
_KINDS: Final = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}
_DESCR: Final = re.compile(r"[<>|=]?([biufc])(\d{1,2})")
_SUFFIX: Final = ".npy"
_HOW: Final = "Write the samples with numpy.savez(path, **{input_name: array})."


def read_arrays(reader: BinaryIO, limit: int) -> tuple[ArrayView, ...]:
    """The names, dtypes and shapes of an .npz.

    Args:
        reader: seekable; the whole file.
        limit: bytes that the arrays together may have.

    Raises:
        EmptyFile, TruncatedFile, UnsafeArchive: the zip is at fault.
        BadSamples: it is not an .npz, or an array holds something other than numbers.
    """
    if not reader.seek(0, os.SEEK_END):
        raise EmptyFile(f"The samples are empty. {_HOW}")
    reader.seek(0)
    if reader.read(len(LOCAL)) != LOCAL:
        raise BadSamples(f"The samples are not an .npz. {_HOW}")
    archive = Zip(reader, limit)
    arrays = []
    for entry in archive.entries:
        if entry.folder or not entry.path.endswith(_SUFFIX):
            raise BadSamples(f"The .npz holds {entry.path!r}, which is no array. {_HOW}")
        with archive.stream(entry.path, limit) as member:
            arrays.append(_array(entry.path.removesuffix(_SUFFIX), member, entry.size))
    return tuple(arrays)


def _array(name: str, member: IO[bytes], size: int) -> ArrayView:
    head = member.read(len(MAGIC) + 2)
    if not head.startswith(MAGIC) or len(head) != len(MAGIC) + 2:
        raise BadSamples(f"The .npz's member {name!r} is no array. {_HOW}")
    width = _LENGTH_BYTES.get(head[len(MAGIC)])
    if width is None:
        raise BadSamples(f"The array {name!r} is written in an unknown version. {_HOW}")
    length = int.from_bytes(member.read(width), "little")
    if length > _HEADER_MAX:
        raise BadSamples(f"The array {name!r} has an enormous header. {_HOW}")
    descr, shape = _header(name, member.read(length))
    found = _DESCR.fullmatch(descr) if isinstance(descr, str) else None
    if found is None:
        raise BadSamples(f"The array {name!r} has dtype {descr!r}; only numbers are taken. {_HOW}")
    kind, item = found[1], int(found[2])
    dtype = _KINDS[kind] if kind == "b" else f"{_KINDS[kind]}{8 * item}"
    if not shape or not all(shape):
        raise BadSamples(
            f"The array {name!r} has shape {shape}: the first axis counts samples, and no axis"
            " may be empty."
        )
    if len(head) + width + length + item * math.prod(shape) != size:
        raise TruncatedFile(f"The array {name!r} is not as long as its header says. {_HOW}")
    return ArrayView(name=name, dtype=dtype, shape=shape)


def _header(name: str, text: bytes) -> tuple[object, tuple[int, ...]]:
    try:
        header = ast.literal_eval(text.decode("utf-8"))
        descr, shape = header["descr"], header["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise BadSamples(f"The array {name!r} has a header that cannot be read. {_HOW}") from error
    if not isinstance(shape, tuple) or not all(type(axis) is int and axis >= 0 for axis in shape):
        raise BadSamples(f"The array {name!r} has no proper shape. {_HOW}")
    return descr, shape
