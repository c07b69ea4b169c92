"""scikit-learn models in skops files, run by scikit-learn on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from shared.domain.formats import SKOPS, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session
from workers.tabular import sklearn_runs
from workers.tabular.skops_files import load


class SkopsRuntime(Runtime):
    """A fitted estimator or pipeline, fed rows of float32, and words where it encodes them."""

    format: ClassVar[Format] = SKOPS
    packages: ClassVar[tuple[str, ...]] = ("scikit-learn", "skops", "numpy")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return sklearn_runs.inspection(load(path), self.format.name)

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            yield sklearn_runs.session(load(path))
