"""Safetensors, one file or shards beside their index: read by the format's own description.

Format: https://github.com/huggingface/safetensors#format
"""

import json
import operator
from collections.abc import Mapping
from itertools import pairwise
from math import prod
from pathlib import Path, PurePosixPath
from re import compile  # noqa: A004 - the pattern's own word
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.weights.dtypes import numpy_dtype
from workers.weights.sections import Located, Section

DTYPES: Final[Mapping[str, str]] = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}
"""numpy's names of the format's types."""

LONGEST_HEADER: Final = 100_000_000
"""Bytes; the limit of the format's own library."""

NUMBERED: Final = compile(r"(?P<number>\d{1,6})-of-(?P<count>\d{1,6})\.safetensors$")
"""How shards are called that say which of how many they are."""

PREFIX: Final = 8
"""Bytes of the header's length."""

AGAIN: Final = "Save or download it again."


def locate(path: Path) -> Located:
    """The tensors of a .safetensors file, or of the shards in a folder.

    Raises:
        InvalidModel: a header is damaged, a file that the index names is missing or does not
            hold what the index says, or two shards hold a tensor of one name.
    """
    if path.is_dir():
        return Located(_folder(path), ordered=False)
    return Located(_file(path), ordered=False)


def _folder(folder: Path) -> dict[str, Section]:
    indexes = sorted(folder.rglob("*.safetensors.index.json"))
    if len(indexes) > 1:
        raise InvalidModel(f"There are {len(indexes)} indexes in the folder. Send one model.")
    if indexes:
        return _indexed(indexes[0])
    shards = sorted(folder.rglob("*.safetensors"))
    if not shards:
        raise InvalidModel("There is no .safetensors file in the folder.")
    _refuse_gaps([each.name for each in shards])
    return _merged(shards)


def _refuse_gaps(shards: list[str]) -> None:
    """Without an index only the names of the shards tell how many there should be."""
    for told in filter(None, map(NUMBERED.search, shards)):
        for number in range(1, int(told["count"]) + 1):
            wanted = f"{number:0{len(told['number'])}}-of-{told['count']}.safetensors"
            if not any(each.endswith(wanted) for each in shards):
                raise InvalidModel(
                    f"The shard {told.string[: told.start()]}{wanted} is missing: {told.string}"
                    f" says that there are {int(told['count'])}. Add it beside the others.",
                    node=wanted,
                )


def _indexed(index: Path) -> dict[str, Section]:
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        named = {str(tensor): str(file) for tensor, file in weight_map.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidModel(
            f"{index.name} is no index of shards ({error}): it needs a weight_map. {AGAIN}"
        ) from error
    for file in sorted(set(named.values())):
        if PurePosixPath(file).name != file or not (index.parent / file).is_file():
            raise InvalidModel(
                f"{index.name} names the file {file!r}, which is not there. Add it beside the"
                " index.",
                node=file,
            )
    found = _merged([index.parent / file for file in sorted(set(named.values()))])
    for tensor, file in named.items():
        if tensor not in found or found[tensor].file.name != file:
            raise InvalidModel(
                f"{index.name} says that the tensor {tensor!r} is in {file!r}, where it is not."
                f" {AGAIN}",
                node=tensor,
            )
    return found


def _merged(shards: list[Path]) -> dict[str, Section]:
    found: dict[str, Section] = {}
    for shard in shards:
        for name, section in _file(shard).items():
            if name in found:
                raise InvalidModel(
                    f"Both {found[name].file.name} and {shard.name} hold a tensor {name!r}. Send"
                    " the shards of one model only.",
                    node=name,
                )
            found[name] = section
    return found


def _file(path: Path) -> dict[str, Section]:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(PREFIX), "little")
        if size < PREFIX or length > min(LONGEST_HEADER, size - PREFIX):
            raise InvalidModel(
                f"{path.name} ends within its header, or is no safetensors file. {AGAIN}"
            )
        raw = file.read(length)
    try:
        header = json.loads(raw)
        entries = {name: each for name, each in header.items() if name != "__metadata__"}
    except (ValueError, AttributeError, RecursionError) as error:
        raise InvalidModel(f"The header of {path.name} is damaged ({error}). {AGAIN}") from error
    found = {name: _section(path, name, each, PREFIX + length) for name, each in entries.items()}
    _refuse_overlaps(path, found)
    return found


def _refuse_overlaps(path: Path, found: Mapping[str, Section]) -> None:
    """The format has none: each byte is one tensor's."""
    filled = [(name, each) for name, each in found.items() if each.end > each.offset]
    in_order = sorted(filled, key=lambda each: each[1].offset)
    for (one, before), (other, after) in pairwise(in_order):
        if after.offset < before.end:
            raise InvalidModel(
                f"The tensors {one!r} and {other!r} of {path.name} overlap: its header is damaged."
                f" {AGAIN}",
                node=other,
            )


def _section(path: Path, name: str, entry: Any, base: int) -> Section:
    try:
        dtype, shape = str(entry["dtype"]), tuple(operator.index(each) for each in entry["shape"])
        start, end = (int(each) for each in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidModel(
            f"The header of {path.name} does not say where the tensor {name!r} lies. {AGAIN}",
            node=name,
        ) from error
    if dtype not in DTYPES:
        raise InvalidModel(
            f"The tensor {name!r} is of type {dtype}, which numpy has no counterpart of. Save it"
            " in another type.",
            node=name,
        )
    wanted = prod(shape) * int(numpy_dtype(DTYPES[dtype]).itemsize)
    if start < 0 or min(shape, default=0) < 0 or end - start != wanted:
        raise InvalidModel(
            f"The tensor {name!r} of {path.name} has {end - start} bytes where its shape and type"
            f" need {wanted}. {AGAIN}",
            node=name,
        )
    return Section(path, base + start, DTYPES[dtype], shape)
