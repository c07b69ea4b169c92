"""Templates of TensorFlow: the checkpoint written anew under the same keys, all else copied."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from workers.tensorflow_bridge.saved_models import root
from workers.weights import savedmodel, tf_checkpoint
from workers.weights.checking import Checklist
from workers.weights.tf_checkpoint import Named
from workers.weights.tf_checkpoint_writer import Parts
from workers.weights.variables import Array, Sink

FINGERPRINT: Final = "fingerprint.pb"
"""Of the template's own checkpoint: it would be wrong of another, and no loader needs it."""


@contextmanager
def fill_savedmodel(template: Path, target: Path) -> Iterator[Sink]:
    """A sink for the variables of a copy of a SavedModel.

    Raises:
        InvalidModel: it is damaged, or its weights are constants of its graph.
    """
    place = savedmodel.checkpoint(template)
    base = root(template)
    ignored = shutil.ignore_patterns("variables.index", "variables.data-*", FINGERPRINT)
    shutil.copytree(base, target, dirs_exist_ok=True, ignore=ignored)
    with _filled(place, target / place.relative_to(base), savedmodel.CONSTANT) as sink:
        yield sink


@contextmanager
def fill_checkpoint(template: Path, target: Path) -> Iterator[Sink]:
    """A sink for the variables of a checkpoint with the keys of another.

    Raises:
        InvalidModel: it is incomplete or damaged.
    """
    place = tf_checkpoint.prefix(template)
    target.mkdir(parents=True, exist_ok=True)
    with _filled(place, target / place.name, tf_checkpoint.EMPTY) as sink:
        yield sink


@contextmanager
def _filled(old: Path, new: Path, empty: str) -> Iterator[Sink]:
    reader = tf_checkpoint.open_reader(old)
    named = tf_checkpoint.variables(reader, empty)
    parts = Parts(new)
    try:
        sink = _Sink(parts, named)
        yield sink
        for key in reader.shapes:
            if key not in sink.keys:
                parts.add(key, reader.value(key))
        parts.merge()
    finally:
        parts.close()


class _Sink:
    def __init__(self, parts: Parts, named: list[Named]) -> None:
        self.checklist = Checklist({each.variable.name: each.variable for each in named}, {})
        self.keys: set[str] = set()
        self._named = {each.variable.name: each for each in named}
        self._parts = parts

    def write(self, name: str, array: Array) -> None:
        """See Sink."""
        variable = self.checklist.admit(name, array)
        for key in self._named[name].keys:
            self._parts.add_variable(key, variable, array)
            self.keys.add(key)
