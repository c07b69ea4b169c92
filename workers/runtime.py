"""Runtimes: how a model of one format is read and run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from shared.domain.archives import unpack
from shared.domain.formats import Format, Layout
from shared.domain.offers import Queue
from shared.domain.precisions import Precision
from shared.domain.signatures import Inspection, Signature, Tensor

MOST_UNPACKED = 32 << 30
"""Bytes that a tree may unpack to; the step's own limit on disk is often lower."""

Arrays = Mapping[str, NDArray[Any]]
"""Named arrays, in the order of a Signature."""

Given = Mapping[str, Tensor]
"""What the user said of inputs by name, for formats whose files do not say it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded model: a callable from named input arrays to named output arrays.

    Names, order and dtypes are those of `signature`. Calling it with a shape that the model
    does not take raises whatever its library raises. `remark` says how it is run here, where
    that is not as the file says. `suit` carries made-up inputs to where the model's own
    thresholds and words lie; `batches` are tried in place of the usual ones. What runs of one
    that `branches` is decided by its data. `noted` is asked after all runs for a remark of them.
    """

    signature: Signature
    run: Callable[[Arrays], dict[str, NDArray[Any]]]
    remark: str | None = None
    suit: Callable[[Arrays], dict[str, NDArray[Any]]] | None = None
    batches: tuple[int, ...] | None = None
    branches: bool = False
    noted: Callable[[], str | None] | None = None

    def told(self) -> str | None:
        """The remark, once it has run."""
        return (self.noted() if self.noted else None) or self.remark

    def __call__(self, inputs: Arrays) -> dict[str, NDArray[Any]]:
        return self.run(inputs)


Shapes = Mapping[str, tuple[int, ...]]
"""A shape for each input, by name."""

Sizes = tuple[Shapes, ...]
"""Shapes to try, each for all inputs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model was built for: nothing below `low` or above `high` can be fed to it.

    `values` go with `sizes`, one for each: what is fed to the inputs that are shapes themselves.
    """

    low: Shapes
    high: Shapes
    values: Sizes


class Runtime(ABC):
    """One format that can be inspected and run.

    `packages` are distributions: the runtime is offered only where all are installed, and
    where `libraries` were found. `queue` says which workers can run it.
    """

    format: ClassVar[Format]
    packages: ClassVar[tuple[str, ...]]
    libraries: ClassVar[tuple[str, ...]] = ()
    queue: ClassVar[Queue] = Queue.CPU

    def prepare(self, path: Path, folder: Path) -> Path:
        """Make the stored bytes readable; the path that the other methods want.

        A tree is unpacked into `folder`, which does not exist yet; a file stays as it is.

        Raises:
            UnsafeArchive, TruncatedFile: the archive cannot be unpacked.
        """
        if self.format.layout is Layout.FILE:
            return path
        unpack(path, folder, MOST_UNPACKED)
        return folder

    def choose(self, path: Path, options: Mapping[str, Any]) -> Path:  # noqa: ARG002 - for others
        """Note which of several models in `path` the target's options mean, if they say so."""
        return path

    def ending(self, path: Path, options: Mapping[str, Any]) -> Path:  # noqa: ARG002 - for others
        """The source of a verification, with those outputs that the result was asked to have.

        Raises:
            InvalidOptions: it makes no such tensor.
        """
        return path

    def sizes(self, path: Path) -> Sizes | None:  # noqa: ARG002 - for others
        """The shapes that it was built for, where it takes no others; None: as its signature."""
        return None

    def limits(self, path: Path) -> Limits | None:  # noqa: ARG002 - for others
        """The ranges that it was built for; None: those of its signature."""
        return None

    def most(self, path: Path) -> int | None:  # noqa: ARG002 - for others
        """The largest batch that it takes; None: any, or that of its signature."""
        return None

    def precision(self, path: Path) -> Precision:  # noqa: ARG002 - for others
        """What the file itself computes in, where that is less than the types it takes."""
        return Precision.FP32

    def measure(self, path: Path, beside: Path | None) -> dict[str, Any] | None:  # noqa: ARG002
        """How fast it is on this machine, beside ONNX Runtime where `beside` is an ONNX model.

        None where that is of no interest: only engines are measured.
        """
        return None

    @abstractmethod
    def inspect(self, path: Path, given: Given) -> Inspection:
        """Read the model without running it on data of the user's.

        Raises:
            InvalidModel: it cannot be loaded.
            UnsupportedOperator: it needs an operator that this process does not have.
        """

    @abstractmethod
    def open(self, path: Path, given: Given) -> AbstractContextManager[Session]:
        """Load the model to run it, and release it at the end of the `with` block.

        Raises:
            InvalidModel, UnsupportedOperator: as with `inspect`.
        """
