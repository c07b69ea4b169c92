"""TensorFlow checkpoints written as they come: parts, merged by TensorFlow at the end."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from shared.domain.errors import StepRefused
from workers.weights.checking import Checklist
from workers.weights.dtypes import numpy_dtype
from workers.weights.pieces import Place, pieces
from workers.weights.variables import Array, Sink, Variable

PREFIX: Final = "model.ckpt"
BUFFERED: Final = 32 << 20
"""Bytes of small tensors that go into one part together."""

LARGEST: Final = 64 << 20
"""Bytes of one slice; TensorFlow joins the slices of a variable when it reads it."""


class Parts:
    """A checkpoint that is written part by part beside its place, and merged into it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._folder = Path(mkdtemp(prefix=".parts-", dir=place.parent))
        self._prefixes: list[str] = []
        self._held: list[tuple[str, str, Any]] = []
        self._size = 0

    def add(self, key: str, array: Any, sliced: str = "") -> None:
        """Take one tensor; it is on disk at the latest when `merge` has returned.

        Args:
            sliced: the whole's shape and the part of it that this is, as SaveV2 wants them.
        """
        import tensorflow as tf

        with tf.device("/cpu:0"):
            tensor = tf.constant(array)
        self._held.append((key, sliced, tensor))
        self._size += int(tensor.shape.num_elements()) * int(tensor.dtype.size)
        if self._size > BUFFERED:
            self._flush()

    def add_variable(self, key: str, variable: Variable, array: Array) -> None:
        """Take one variable in the target's type, a large one slice by slice.

        TensorFlow copies whatever it is given, and an array that is not in row-major order twice.

        Raises:
            StepRefused: the type cannot hold a value.
        """
        for place, piece in pieces(variable.name, array, variable.dtype, LARGEST):
            self.add(key, *_sliced(variable.shape, place, piece))

    def merge(self) -> None:
        """Make the checkpoint of the parts."""
        import tensorflow as tf

        self._flush()
        tf.raw_ops.MergeV2Checkpoints(
            checkpoint_prefixes=self._prefixes,
            destination_prefix=str(self._place),
            delete_old_dirs=False,
        )

    def close(self) -> None:
        """Leave nothing of the parts."""
        shutil.rmtree(self._folder)

    def _flush(self) -> None:
        import tensorflow as tf

        if not self._held:
            return
        prefix = str(self._folder / f"part-{len(self._prefixes)}")
        tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=[key for key, _, _ in self._held],
            shape_and_slices=[sliced for _, sliced, _ in self._held],
            tensors=[tensor for _, _, tensor in self._held],
        )
        self._prefixes.append(prefix)
        self._held, self._size = [], 0


def _sliced(shape: tuple[int, ...], place: Place, piece: Array) -> tuple[Array, str]:
    """A piece with all of its axes, and where it is in the whole."""
    if not place:
        return piece, ""
    starts = [each if isinstance(each, int) else int(each.start) for each in place]
    ones = [1 for each in place if isinstance(each, int)]
    whole = piece.reshape(*ones, *piece.shape)
    spans = [f"{start},{length}" for start, length in zip(starts, whole.shape, strict=False)]
    spans += ["-"] * (len(shape) - len(spans))
    return whole, f"{' '.join(map(str, shape))} {':'.join(spans)}"


@contextmanager
def write_checkpoint(folder: Path, variables: Mapping[str, Variable]) -> Iterator[Sink]:
    """A sink for these variables, into a folder that does not exist yet.

    `tf.train.load_variable(folder / "model.ckpt", name)` reads one of them.

    Raises:
        StepRefused: TensorFlow has no such type, or a variable got no value.
    """
    check_dtypes(variables)
    folder.mkdir(parents=True, exist_ok=True)
    parts = Parts(folder / PREFIX)
    try:
        sink = _Sink(parts, variables)
        yield sink
        sink.checklist.finish()
        parts.merge()
    finally:
        parts.close()


def check_dtypes(variables: Mapping[str, Variable]) -> None:
    """
    Raises:
        StepRefused: TensorFlow has no type for one of them.
    """
    import tensorflow as tf

    for name, each in variables.items():
        try:
            tf.as_dtype(numpy_dtype(each.dtype))
        except TypeError as error:
            raise StepRefused(
                f"The variable {name!r} is {each.dtype}, which TensorFlow has no type for.",
                node=name,
            ) from error


class _Sink:
    def __init__(self, parts: Parts, variables: Mapping[str, Variable]) -> None:
        self.checklist = Checklist(variables, {})
        self._parts = parts

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        self._parts.add_variable(name, variable, array)
