"""Official: ONNX's own backend cases, written from what its package brings along.

The package holds the node cases and some of the simple ones as code, the others as files. Those
of whole models (`real`) would be downloaded, or have no data: they are left out.
"""

import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from workers.onnx_suite.cases import MODEL
from workers.onnx_suite.values import write

SHIPPED: Final = ("simple", "pytorch-converted", "pytorch-operator")
SEED: Final = 0
"""Some cases draw their inputs when they are collected."""


def write_official(folder: Path) -> int:
    """Write every case as KIND/NAME below `folder`; how many they are.

    Raises:
        OSError: a case is there already, or there is no room.
    """
    import onnx.backend.test

    data = Path(onnx.backend.test.__file__).parent / "data"
    for kind in SHIPPED:
        shutil.copytree(data / kind, folder / kind, ignore=shutil.ignore_patterns("__pycache__"))
    for case in _collected():
        target = folder / case.kind / case.name
        if not target.exists():
            target.mkdir(parents=True)
            _write(case, target)
    return sum(1 for _ in folder.rglob(MODEL))


def _collected() -> Iterator[Any]:
    """In their own module's order: with the seed, the same data each time."""
    import numpy as np
    import onnx.backend.test.case.model as models
    import onnx.backend.test.case.node as nodes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # some overflow on purpose
        np.random.seed(SEED)  # noqa: NPY002 - the cases draw from this generator
        yield from nodes.collect_testcases(None)
        yield from (each for each in models.collect_testcases() if each.kind != "real")


def _write(case: Any, folder: Path) -> None:
    (folder / MODEL).write_bytes(case.model.SerializeToString())
    for index, (inputs, outputs) in enumerate(case.data_sets):
        place = folder / f"test_data_set_{index}"
        place.mkdir()
        _write_values(inputs, case.model.graph.input, place, "input")
        _write_values(outputs, case.model.graph.output, place, "output")


def _write_values(values: Sequence[Any], named: Sequence[Any], place: Path, stem: str) -> None:
    for index, (value, info) in enumerate(zip(values, named, strict=False)):
        write(value, info.type, info.name, place / f"{stem}_{index}.pb")
