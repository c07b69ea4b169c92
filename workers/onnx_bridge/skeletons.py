"""Skeletons: ONNX models whose external weights stay where they are, of any size."""

import shutil
from pathlib import Path
from typing import Any

from workers.converter import Bench
from workers.deliver import deliver, draft
from workers.onnx_files.external import check_external, locations
from workers.onnx_files.protos import read_proto


def read(path: Path) -> Any:
    """The model, without weights that lie in other files.

    Raises:
        InvalidModel: it cannot be parsed, or its external data must not be read.
    """
    model = read_proto(path)
    check_external(model, path.parent)
    return model


def finish(bench: Bench[Any], model: Any) -> None:
    """Write the changed model beside the data files that it still names, and deliver it.

    Raises:
        UnsupportedOperator, StepRefused: as `deliver`.
    """
    path = draft(bench)
    for location in locations(model):
        copy = path.parent / location
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bench.source.parent / location, copy)
    path.write_bytes(model.SerializeToString())
    deliver(bench, path)
