"""Log: what the library says while it works, kept within bounds and without its noise."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 50
LONGEST: Final = 600

NOISE: Final = re.compile(
    r"ModelImporter\.cpp"  # the parser's errors are asked for one by one
    r"|CUDA driver version is insufficient|no CUDA-capable device|Thread context has not been set"
    r"|shape values set for non-shape input|Make sure input .* has Int64 binding"
)
"""Said of every model, or of every machine without a GPU."""

NO_SHAPE: Final = ": shape values set for non-shape input"

_WARNING: Final = 2
_ERROR: Final = 1


@dataclass(slots=True)
class Said:
    """Warnings and errors, each once, in the order in which they came.

    `no_shapes`: inputs that turned out not to be shapes, whatever their type.
    """

    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    no_shapes: set[str] = field(default_factory=set)

    def add(self, severity: int, message: str) -> None:
        """Keep one line; `severity` is TensorRT's: 0 and 1 are errors, 2 a warning."""
        kept = self.errors if severity <= _ERROR else self.warnings
        line = " ".join(message.split())[:LONGEST]
        name, told, _ = line.partition(NO_SHAPE)
        if told:
            self.no_shapes.add(name)
        if severity <= _WARNING and not NOISE.search(line) and line not in kept:
            kept.append(line)
            del kept[:-MOST]


def listener(trt: Any, said: Said) -> Any:
    """A logger of the library that writes to `said`.

    Keep it for as long as anything that was made with it: the library does not.
    """

    class Listener(trt.ILogger):  # type: ignore[misc]  # an untyped base
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            said.add(int(severity.value), message)

    return Listener()
