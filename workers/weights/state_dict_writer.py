"""State_dicts written as they come: the pickle first, then each tensor as a member of the zip."""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from shared.domain.errors import StepRefused
from workers.weights.checking import Checklist
from workers.weights.dtypes import numpy_dtype
from workers.weights.pieces import pieces, raw
from workers.weights.torch_pickles import STORAGES
from workers.weights.torch_zips import LOCAL_HEADER
from workers.weights.variables import Array, Sink, Variable

FOLDER: Final = "archive"
ALIGNMENT: Final = 64
ZIP64_EXTRA: Final = 20
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@contextmanager
def write_state_dict(
    path: Path, variables: Mapping[str, Variable], ties: Mapping[str, str]
) -> Iterator[Sink]:
    """A sink for these variables; tied ones share their storage, as they do in a module.

    Raises:
        StepRefused: torch has no such type, or a variable got no value.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "data.pkl", _pickled(variables, ties))
        _add(archive, "byteorder", b"little")
        sink = _Sink(archive, variables, ties)
        yield sink
        sink.checklist.finish()
        _add(archive, "version", b"3\n")


class _Sink:
    def __init__(
        self, archive: zipfile.ZipFile, variables: Mapping[str, Variable], ties: Mapping[str, str]
    ) -> None:
        self.checklist = Checklist(variables, ties)
        self._archive = archive
        self._keys = _keys(variables, ties)

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        if self.checklist.stands(name, array):
            return
        size = prod(variable.shape) * int(numpy_dtype(variable.dtype).itemsize)
        member = aligned(self._archive, f"{FOLDER}/data/{self._keys[name]}", size)
        with self._archive.open(member, "w") as file:
            for _, piece in pieces(name, array, variable.dtype):
                file.write(raw(piece))


def aligned(archive: zipfile.ZipFile, name: str, size: int) -> zipfile.ZipInfo:
    """A stored member whose bytes will begin where torch can map them."""
    member = zipfile.ZipInfo(name, EPOCH)
    member.file_size = size
    at = archive.start_dir + LOCAL_HEADER + len(name.encode("utf-8")) + len(b"FB00")
    at += ZIP64_EXTRA if size * 1.05 > zipfile.ZIP64_LIMIT else 0
    padding = -at % ALIGNMENT
    member.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
    return member


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(aligned(archive, f"{FOLDER}/{name}", len(data)), data)


def _keys(variables: Mapping[str, Variable], ties: Mapping[str, str]) -> dict[str, str]:
    roots = [name for name in variables if name not in ties]
    numbers = {name: str(index) for index, name in enumerate(roots)}
    return {name: numbers[ties.get(name, name)] for name in variables}


@dataclass(frozen=True, slots=True)
class _Storage:
    """What a tensor's bytes are called within the file."""

    kind: Any
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Pickled as the call that rebuilds it."""

    rebuild: Any
    arguments: tuple[Any, ...]

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return self.rebuild, self.arguments


class _Pickler(pickle.Pickler):
    @override
    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, _Storage):
            return ("storage", obj.kind, obj.key, "cpu", obj.count)
        return None


def _pickled(variables: Mapping[str, Variable], ties: Mapping[str, str]) -> bytes:
    keys = _keys(variables, ties)
    tensors = OrderedDict((name, _tensor(each, keys[name])) for name, each in variables.items())
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=2).dump(tensors)
    return buffer.getvalue()


def _tensor(variable: Variable, key: str) -> _Tensor:
    import torch

    dtype = getattr(torch, variable.dtype, None)
    if not isinstance(dtype, torch.dtype):
        raise StepRefused(
            f"The variable {variable.name!r} is {variable.dtype}, which torch has no type for.",
            node=variable.name,
        )
    count = prod(variable.shape)
    strides = tuple(prod(variable.shape[axis + 1 :]) for axis in range(len(variable.shape)))
    known = {name: kind for kind, name in STORAGES.items() if kind != "UntypedStorage"}
    hooks: OrderedDict[str, Any] = OrderedDict()
    if variable.dtype in known:
        storage = _Storage(getattr(torch, known[variable.dtype]), key, count)
        arguments = (storage, 0, variable.shape, strides, False, hooks)
        return _Tensor(torch._utils._rebuild_tensor_v2, arguments)  # noqa: SLF001 - what torch.save writes
    size = count * int(numpy_dtype(variable.dtype).itemsize)
    untyped = _Storage(torch.UntypedStorage, key, size)
    wide = (untyped, 0, variable.shape, strides, False, hooks, dtype)
    return _Tensor(torch._utils._rebuild_tensor_v3, wide)  # noqa: SLF001 - what torch.save writes
