"""Templates whose weights lie as plain bytes: written over in a copy of the file."""

import mmap
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.weights.checking import Checklist
from workers.weights.dtypes import numpy_dtype
from workers.weights.pieces import pieces, raw
from workers.weights.sections import Located, Section, check_ends, open_map
from workers.weights.variables import Array, Sink, Variable
from workers.weights.zip_sums import mend


@contextmanager
def fill_sections(
    template: Path, target: Path, locate: Callable[[Path], Located]
) -> Iterator[Sink]:
    """A sink for the variables of a copy of the template, a file or a folder of files.

    Raises:
        InvalidModel: as `locate` does for the template.
    """
    located = locate(template)
    check_ends(located)
    if template.is_dir():
        shutil.copytree(template, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(template, target)
    sink = _Sink(
        replace(
            located,
            sections={
                name: replace(each, file=_moved(each.file, template, target))
                for name, each in located.sections.items()
            },
        )
    )
    yield sink
    if target.is_file() and zipfile.is_zipfile(target):
        mend(target, [located.sections[name].offset for name in sink.checklist.written])


def _moved(file: Path, template: Path, target: Path) -> Path:
    return target if file == template else target / file.relative_to(template)


class _Sink:
    def __init__(self, located: Located) -> None:
        variables = {
            name: Variable(name, each.shape, each.dtype) for name, each in located.sections.items()
        }
        self.checklist = Checklist(variables, located.ties)
        self._sections = located.sections

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        self.checklist.admit(name, array)
        if self.checklist.stands(name, array):
            return
        section = self._sections[name]
        if section.contiguous:
            _write_through(name, section, array)
        else:
            _write_strided(name, section, array)


def _write_through(name: str, section: Section, array: Array) -> None:
    with section.file.open("r+b") as file:
        file.seek(section.offset)
        for _, piece in pieces(name, array, section.dtype):
            file.write(raw(piece))


def _write_strided(name: str, section: Section, array: Array) -> None:
    """A tensor that was saved as a view: its elements do not lie in the order of its axes."""
    if not array.size:
        return
    buffer = open_map(section.file, mmap.ACCESS_WRITE)
    view: Any = section.view(buffer)
    for place, piece in pieces(name, array, section.dtype):
        view[place] = piece.astype(numpy_dtype(section.dtype), copy=False)
    buffer.flush()
