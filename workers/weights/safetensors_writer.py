"""Safetensors written as they come: the header first, then each tensor at its own place."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO, Final

from shared.domain.errors import StepRefused
from workers.weights.checking import Checklist
from workers.weights.dtypes import numpy_dtype
from workers.weights.pieces import pieces, raw
from workers.weights.safetensors_files import DTYPES, PREFIX
from workers.weights.variables import Array, Sink, Variable

NAMES: Final = {name: code for code, name in DTYPES.items()}
ALIGNED: Final = 8


@contextmanager
def write_safetensors(path: Path, variables: Mapping[str, Variable]) -> Iterator[Sink]:
    """A sink for these variables; ties are written out, for the format knows none.

    Raises:
        StepRefused: the format has no such type, or a variable got no value.
    """
    header, offsets = _header(variables)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(PREFIX, "little") + header)
        sink = _Sink(file, variables, {k: PREFIX + len(header) + v for k, v in offsets.items()})
        yield sink
        sink.checklist.finish()


class _Sink:
    def __init__(
        self, file: BinaryIO, variables: Mapping[str, Variable], offsets: Mapping[str, int]
    ) -> None:
        self.checklist = Checklist(variables, {})
        self._file = file
        self._offsets = offsets

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        self._file.seek(self._offsets[name])
        for _, piece in pieces(name, array, variable.dtype):
            self._file.write(raw(piece))


def _header(variables: Mapping[str, Variable]) -> tuple[bytes, dict[str, int]]:
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offsets: dict[str, int] = {}
    end = 0
    # Wide types first, as the format's own library does it: then every tensor is aligned.
    for each in sorted(variables.values(), key=lambda each: (-_itemsize(each), each.name)):
        if each.dtype not in NAMES:
            raise StepRefused(
                f"The variable {each.name!r} is {each.dtype}, which safetensors has no type for.",
                node=each.name,
            )
        start, end = end, end + prod(each.shape) * _itemsize(each)
        offsets[each.name] = start
        entries[each.name] = {
            "dtype": NAMES[each.dtype],
            "shape": list(each.shape),
            "data_offsets": [start, end],
        }
    header = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    return header + b" " * (-len(header) % ALIGNED), offsets


def _itemsize(variable: Variable) -> int:
    return int(numpy_dtype(variable.dtype).itemsize)
