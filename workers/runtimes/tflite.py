"""TensorFlow Lite models, run by LiteRT's interpreter on the CPU."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from shared.domain.formats import TFLITE, Format
from shared.domain.precisions import Precision
from shared.domain.signatures import Inspection
from workers.runtime import Given, Limits, Runtime, Session, Shapes, Sizes
from workers.runtimes.branching import branches
from workers.tflite_bridge import files, sessions, signatures

CHOICE = ".signature"
"""What the name of the note ends with that says which signature is meant."""


class TfliteRuntime(Runtime):
    """A `.tflite`; quantised inputs and outputs are the integers that the file says."""

    format: ClassVar[Format] = TFLITE
    packages: ClassVar[tuple[str, ...]] = ("ai-edge-litert", "numpy")

    @override
    def choose(self, path: Path, options: Mapping[str, Any]) -> Path:
        if options.get("signature"):
            _note(path).write_text(str(options["signature"]), encoding="utf-8")
        return path

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        lite = files.read(path)
        return signatures.inspection(lite, lite.entry(chosen(path)))

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        lite = files.read(path)
        entry = lite.entry(chosen(path))
        yield Session(
            signatures.signature(lite, entry),
            sessions.opened(path, lite, entry),
            branches=branches(node.operator for node in lite.nodes),
        )

    @override
    def precision(self, path: Path) -> Precision:
        return signatures.precision(files.read(path))

    @override
    def sizes(self, path: Path) -> Sizes | None:
        shapes = self._fixed(path)
        return None if shapes is None else (shapes,)

    @override
    def limits(self, path: Path) -> Limits | None:
        shapes = self._fixed(path)
        return None if shapes is None else Limits(low=shapes, high=shapes, values=({},))

    def _fixed(self, path: Path) -> Shapes | None:
        """The shapes of a model none of whose lengths may vary."""
        inputs = self.inspect(path, {}).signature.inputs
        shapes = {
            each.name: tuple(dim for dim in each.shape or () if isinstance(dim, int))
            for each in inputs
        }
        if any(len(shapes[each.name]) != len(each.shape or ()) for each in inputs):
            return None
        return shapes


def chosen(path: Path) -> str | None:
    """The signature that `choose` left word of."""
    note = _note(path)
    return note.read_text(encoding="utf-8") if note.is_file() else None


def _note(path: Path) -> Path:
    return path.with_name(path.name + CHOICE)
