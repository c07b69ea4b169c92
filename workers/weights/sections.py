"""Sections: variables that lie as plain bytes in a file, mapped and never loaded as a whole."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Final

from shared.domain.errors import InvalidModel
from workers.weights.dtypes import numpy_dtype
from workers.weights.store import Store
from workers.weights.variables import Array, Framework, Layer, Variable

LARGEST: Final = 1 << 58
"""Elements; more than numpy can count the bytes of, also where a length of zero leaves none."""


@dataclass(frozen=True, slots=True)
class Section:
    """Where a variable lies: from byte `offset` of `file`.

    `strides` are in elements; None: in row-major order without gaps.
    """

    file: Path
    offset: int
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None = None

    @property
    def contiguous(self) -> bool:
        """Whether its elements lie in row-major order without gaps."""
        return self.strides is None or _same(self.shape, self.strides)

    @property
    def end(self) -> int:
        """The byte behind its last one."""
        if 0 in self.shape:
            return self.offset
        if self.strides is None:
            count = prod(self.shape)
        else:
            reach = zip(self.shape, self.strides, strict=True)
            count = 1 + sum((length - 1) * stride for length, stride in reach)
        return self.offset + count * int(numpy_dtype(self.dtype).itemsize)

    def view(self, buffer: mmap.mmap) -> Array:
        """The variable within the mapped file, as writable as the mapping is."""
        import numpy as np

        dtype = numpy_dtype(self.dtype)
        if 0 in self.shape:
            return np.empty(self.shape, dtype)
        strides = (
            None if self.strides is None else [each * dtype.itemsize for each in self.strides]
        )
        return np.ndarray(self.shape, dtype, buffer, self.offset, strides)


@dataclass(frozen=True, slots=True)
class Located:
    """What a file is known to hold, in its order, before anything of it is read."""

    sections: Mapping[str, Section]
    ordered: bool = True
    ties: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@contextmanager
def mapped(located: Located) -> Iterator[Store]:
    """The store over its files, open within the block.

    Raises:
        InvalidModel: a file ends before one of the variables does.
    """
    check_ends(located)
    maps: dict[Path, mmap.mmap] = {}
    last: list[Section] = []

    def read(name: str) -> Array:
        section = located.sections[name]
        while last:
            _release(maps[last[0].file], last.pop())
        if section.file not in maps:
            maps[section.file] = open_map(section.file, mmap.ACCESS_READ)
        last.append(section)
        return section.view(maps[section.file])

    yield Store(
        framework=Framework.PYTORCH,
        variables={
            name: Variable(name, each.shape, each.dtype) for name, each in located.sections.items()
        },
        reader=read,
        ordered=located.ordered,
        ties=located.ties,
        layers=located.layers,
        notes=located.notes,
    )


def check_ends(located: Located) -> None:
    """Hold every section against the size of its file.

    Raises:
        InvalidModel: a file ends before one of them does, or no array can have its shape.
    """
    sizes = {each.file: each.file.stat().st_size for each in located.sections.values()}
    for name, section in located.sections.items():
        if prod(each or 1 for each in section.shape) > LARGEST:
            raise InvalidModel(
                f"The tensor {name!r} has the impossible shape {list(section.shape)}. Save or"
                " download it again.",
                node=name,
            )
        if section.end > sizes[section.file]:
            raise InvalidModel(
                f"The file ends within the tensor {name!r}: it has {sizes[section.file]} bytes and"
                f" the tensor reaches to {section.end}. Download or copy it again.",
                node=name,
            )


def open_map(path: Path, access: int) -> mmap.mmap:
    """The whole file, mapped. Its pages go when the last view of it does."""
    with path.open("r+b" if access == mmap.ACCESS_WRITE else "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=access)


def _release(buffer: mmap.mmap, section: Section) -> None:
    """Give the pages back. Whoever still looks at them makes the system read them again."""
    start = section.offset // mmap.PAGESIZE * mmap.PAGESIZE
    if section.end > start:
        buffer.madvise(mmap.MADV_DONTNEED, start, section.end - start)


def _same(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    step = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != step:
            return False
        step *= length
    return True
